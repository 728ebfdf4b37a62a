//! The virus scanner as we need it.

use std::path::Path;

use async_trait::async_trait;

/// What a scanner says about a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// Something was found; the name that the scanner gives it.
    Infected(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The scanner does not answer, or not in time.
    #[error("the virus scanner does not answer: {0}")]
    Away(#[from] std::io::Error),
    /// It answered something else than a verdict.
    #[error("the virus scanner answered: {0}")]
    Confused(String),
}

/// Something that looks for viruses.
#[async_trait]
pub trait Scanner: Send + Sync {
    /// Looks at the content of one file.
    async fn scan(&self, path: &Path) -> Result<Verdict, ScanError>;
}
