//! Must fail within seconds: `scripts/fuzz.sh` starts with it, so that a fuzzer that finds nothing is
//! known to be able to find something.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let [b'b', b'i', b'r', b'd', ..] = input {
        panic!("the canary sings");
    }
});
