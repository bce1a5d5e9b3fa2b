//! What a caller of the client notices: over loopback with a scripted target, and in paused time
//! for the rate.

mod answers;
mod causes;
mod encrypted;
mod judging;
mod pacing;
mod searching;
mod secrets;
mod target;
