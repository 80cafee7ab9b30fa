//! Bodies that are small when they are packed and large when they are not.

use std::io::{self, Read as _};

use flate2::{Compression, write::GzEncoder};

use crate::check::Ended;

/// These bytes, packed.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Ended> {
    pack(bytes).map_err(failed)
}

/// So many bytes of nothing, packed. Packing takes seconds, so it is done where it keeps no other check waiting: one that is put
/// off for so long would blame its server.
pub(crate) async fn bomb(bytes: u64) -> Result<Vec<u8>, Ended> {
    tokio::task::spawn_blocking(move || pack(io::repeat(b' ').take(bytes)))
        .await
        .map_err(failed)?
        .map_err(failed)
}

fn pack(mut bytes: impl io::Read) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut bytes, &mut encoder)?;
    encoder.finish()
}

fn failed(error: impl ToString) -> Ended {
    Ended::error(error.to_string())
}

#[cfg(test)]
mod tests {
    use flate2::read::GzDecoder;

    use super::*;

    #[tokio::test]
    async fn a_bomb_is_small_and_unpacks_to_what_was_asked_for() {
        let packed = bomb(1_000_000).await.expect("packed");
        assert!(packed.len() < 10_000, "{} bytes", packed.len());
        let mut unpacked = Vec::new();
        GzDecoder::new(&*packed).read_to_end(&mut unpacked).expect("unpacked");
        assert_eq!(unpacked, vec![b' '; 1_000_000]);
    }
}
