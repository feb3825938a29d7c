//! Other judges: real kernels, recorded and live, whose answers ours must equal.
//!
//! Rooms are listed in the order data passes through them.

pub mod archive;

pub mod stand_in;

pub mod answer;

pub mod judge;

pub mod roots;

pub mod recorded;

pub mod joined;

pub mod live;
