//! Bytes for `targets::replay`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| conc_fuzz::targets::replay(data));
