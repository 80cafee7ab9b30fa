//! Unpredictable bytes.

use mainstay_services::ports::Random;

/// AWS-LC's generator: a CTR-DRBG (NIST SP 800-90A) per thread, seeded by the operating system. One call costs well under a
/// microsecond, so nobody needs to keep a generator of their own.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[allow(clippy::expect_used, reason = "a server without randomness must not go on")]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the system has randomness");
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
