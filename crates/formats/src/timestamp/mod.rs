//! Time-stamps over signatures: what a time-stamping authority says, and how it is asked.
//!
//! Sources: RFC 3161 sections 2.4.1 and 2.4.2 (`TimeStampReq`, `TimeStampResp`, `TSTInfo`), RFC 2985
//! section 5.4 (`countersignature`), as Authenticode uses both.

pub mod token;
pub mod request;
pub mod response;
pub mod old;
