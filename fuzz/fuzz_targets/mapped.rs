#![no_main]
//! Any bytes as an export that a mapping reads: read or refused, the same each time.

libfuzzer_sys::fuzz_target!(|data: &[u8]| ordersync_fuzz::read_mapped(data));
