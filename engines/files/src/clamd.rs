//! A client of the ClamAV daemon over its Unix socket: command `INSTREAM`, as `clamd(8)` describes it.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::{ScanError, Scanner, Verdict};

/// A scan of one file may not take longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes sent at a time.
const PART: usize = 64 * 1024;
/// A verdict is one short line.
const LONGEST_ANSWER: u64 = 4096;

/// The ClamAV daemon at a Unix socket.
#[derive(Clone, Debug)]
pub struct Clamd {
    socket: PathBuf,
}

impl Clamd {
    /// The daemon that listens at `socket`.
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    async fn ask(&self, path: &Path) -> Result<String, ScanError> {
        let mut file = tokio::fs::File::open(path).await?;
        let stream = UnixStream::connect(&self.socket).await?;
        let (mut answers, mut questions) = stream.into_split();
        let send = async {
            questions.write_all(b"zINSTREAM\0").await?;
            let mut part = vec![0; PART];
            loop {
                let took = file.read(&mut part).await?;
                let length = u32::try_from(took).map_err(io::Error::other)?;
                questions.write_all(&length.to_be_bytes()).await?;
                if took == 0 {
                    return questions.flush().await;
                }
                questions.write_all(&part[..took]).await?;
            }
        };
        let receive = async {
            let mut answer = Vec::new();
            (&mut answers)
                .take(LONGEST_ANSWER)
                .read_to_end(&mut answer)
                .await
                .map(|_| answer)
        };
        // Both at once: a daemon that has had enough answers and closes before it has read all.
        let (sent, answer) = tokio::join!(send, receive);
        let answer = answer?;
        if answer.is_empty() {
            sent?;
        }
        let text = String::from_utf8_lossy(&answer);
        Ok(text.trim_end_matches(['\0', '\n']).to_owned())
    }
}

#[async_trait]
impl Scanner for Clamd {
    async fn scan(&self, path: &Path) -> Result<Verdict, ScanError> {
        let answer = tokio::time::timeout(PATIENCE, self.ask(path))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        verdict(&answer)
    }
}

/// `stream: OK`, `stream: <name> FOUND`, or anything else.
fn verdict(answer: &str) -> Result<Verdict, ScanError> {
    match answer.strip_prefix("stream: ") {
        Some("OK") => Ok(Verdict::Clean),
        Some(found) if found.ends_with(" FOUND") => Ok(Verdict::Infected(found.trim_end_matches(" FOUND").to_owned())),
        _ => Err(ScanError::Confused(answer.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        assert_eq!(verdict("stream: OK").unwrap(), Verdict::Clean);
        assert_eq!(
            verdict("stream: Eicar-Test-Signature FOUND").unwrap(),
            Verdict::Infected("Eicar-Test-Signature".into())
        );
        assert!(verdict("INSTREAM size limit exceeded. ERROR").is_err());
        assert!(verdict("").is_err());
    }
}
