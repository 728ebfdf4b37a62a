/// What can go wrong while pages are prepared or drawn. All of these are faults of ours, never of the reader.
#[derive(Debug, thiserror::Error)]
pub enum RenderFault {
    /// A template does not parse, names an undefined value, or calls something with the wrong arguments.
    #[error("template {template}, line {line}: {detail}")]
    Template {
        /// The name under which the template was registered.
        template: String,
        /// The line, counted from one; zero where it is not known.
        line: usize,
        /// What the template engine says, causes included.
        detail: String,
    },
    /// Two template sets register the same name.
    #[error("template {0} is registered twice")]
    TwiceRegistered(String),
    /// A text file is not TOML of strings.
    #[error("texts {file}: {detail}")]
    Texts {
        /// Language and name space, such as `vi/layout`.
        file: String,
        /// What is wrong and where.
        detail: String,
    },
    /// The asset manifest is not a JSON object of strings.
    #[error("asset manifest: {0}")]
    Manifest(String),
    /// The text is too long for a QR code (ISO/IEC 18004 holds at most 2,331 bytes at level M).
    #[error("a QR code cannot hold {0} bytes")]
    QrTooLong(usize),
}

impl RenderFault {
    pub(crate) fn template(name: &str, error: &minijinja::Error) -> Self {
        let mut detail = error.to_string();
        let mut source = std::error::Error::source(error);
        // The innermost cause tells which macro or include was wrong.
        while let Some(cause) = source {
            detail.push_str("; caused by: ");
            detail.push_str(&cause.to_string());
            source = cause.source();
        }
        RenderFault::Template {
            template: error.name().unwrap_or(name).to_owned(),
            line: error.line().unwrap_or(0),
            detail,
        }
    }
}

impl From<RenderFault> for kernel::Fault {
    fn from(fault: RenderFault) -> Self {
        kernel::Fault::internal("render.failed").caused_by(fault)
    }
}
