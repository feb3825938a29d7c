//! A judgement in, words out; and what is in a file, told without judging.

pub mod inspect;
