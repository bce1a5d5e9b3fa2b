#![no_main]
//! Any bytes as a JSON export: read or refused, the same each time.

libfuzzer_sys::fuzz_target!(|data: &[u8]| ordersync_fuzz::read(data, "json"));
