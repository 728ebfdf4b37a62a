//! Argon2id alone, at the cost that the platform asks for: verifications a second on all cores, nothing else done. The peer of `sign_ins.mjs`.
//! `SECONDS` changes the run.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Params, Version};
/// As `identity::Hashing` has it: the first choice of the OWASP Password Storage Cheat Sheet. In KiB, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);

fn main() {
    let seconds = std::env::var("SECONDS").ok().and_then(|text| text.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(10));
    let (memory_kib, passes, lanes) = COST;
    let params = Params::new(memory_kib, passes, lanes, None).expect("the cost of the platform");
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (begin, done) = (Instant::now(), AtomicU64::new(0));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut out = [0; 32];
                while begin.elapsed() < time {
                    let hashed = argon.hash_password_into("bông súng nở trên rạch".as_bytes(), &[7; 16], &mut out);
                    hashed.expect("a hash");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{:.1}", done.into_inner() as f64 / begin.elapsed().as_secs_f64());
}
