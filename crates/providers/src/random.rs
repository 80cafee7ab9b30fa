//! Unpredictable bytes.

use mainstay_services::ports::Random;
use rand::RngCore;

/// A ChaCha generator per thread, seeded and reseeded by the operating system (the `rand` crate's `ThreadRng`). One call costs well
/// under a microsecond, so nobody needs to keep a generator of their own. AWS-LC's, which signing uses, first measures the jitter of
/// the processor for some 40 ms; a server should not wait for that before it listens, see [`SystemRandom::warm_up`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

impl SystemRandom {
    /// Makes AWS-LC seed its generator now, so that the first sign-in does not wait for it. Blocks for some 40 ms.
    pub fn warm_up() {
        // Whoever signs meets the failure again, and can tell it.
        let _ = aws_lc_rs::rand::fill(&mut [0; 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_alike() {
        let random: &dyn Random = &SystemRandom;
        let secrets: std::collections::HashSet<_> = (0..1000).map(|_| random.secret()).collect();
        assert_eq!(secrets.len(), 1000);
    }
}
