#![no_main]
//! Any bytes as a CSV export, in every encoding, are read or refused, the same each time.

libfuzzer_sys::fuzz_target!(|data: &[u8]| ordersync_fuzz::read(data, "csv"));
