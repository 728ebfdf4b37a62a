//! Bodies of forms.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, ready},
};

use axum::{
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use kernel::{Fault, Result, text};
use multer::{Field, Multipart};
use serde::de::DeserializeOwned;

use crate::patient::{Beside, Patient, TooLarge};

/// Fields whose names begin so are secrets (passwords, codes, the token of half a sign-in): they are never carried over a sign-in nor
/// offered again.
const SECRET: &str = "mat_khau";

/// Name of the hidden field that carries the form token.
pub(crate) const TOKEN: &str = "_csrf";

/// The fields of a form, in the order sent. Text is cleaned: NFC, no control or direction characters.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pairs: Vec<(String, String)>,
}

impl Fields {
    /// Fields from pairs as they came.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            pairs: pairs
                .into_iter()
                .map(|(name, value)| (name, text::clean_text(&value)))
                .collect(),
        }
    }

    pub(crate) async fn read(request: Request) -> Result<Self> {
        let axum::Form(pairs) = axum::Form::<Vec<(String, String)>>::from_request(request, &())
            .await
            .map_err(|rejected| {
                if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    Fault::invalid("web.too_large")
                } else {
                    Fault::invalid("web.bad_form").caused_by(rejected)
                }
            })?;
        Ok(Self::new(pairs))
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of this name, unless it is blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The first value of this name, or the fault that it is missing.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.filled(name)
            .ok_or_else(|| Fault::invalid("web.missing_field").field(name, "web.missing_field"))
    }

    /// All values of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a field of this name is a secret.
    pub(crate) fn is_secret(name: &str) -> bool {
        name.starts_with(SECRET)
    }

    /// What a page carries on for another press: all but the token, which each page has of its own, and the secrets, which stand in no page.
    pub fn carried(&self) -> Vec<(&str, &str)> {
        let carried = |(name, _): &(&str, &str)| *name != TOKEN && !Self::is_secret(name);
        self.iter().filter(carried).collect()
    }

    /// Name and value of every field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A form with files, read piece by piece.
pub struct Upload {
    multipart: Multipart<'static>,
    beside: Beside,
    fields: Fields,
    /// The file given last, as long as nobody has read it to its end.
    last: Shared,
}

/// A file that its reader may leave before its end.
type Shared = Arc<Mutex<Option<Field<'static>>>>;

/// One file of an [`Upload`].
pub struct IncomingFile {
    /// Name of the form field.
    pub field: String,
    /// Name that the sender gave the file; not to be trusted.
    pub name: String,
    stream: Shared,
    beside: Beside,
}

impl Upload {
    pub(crate) fn read(request: Request, limit: usize) -> Result<Self> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|error| Fault::invalid("web.bad_form").caused_by(error))?;
        let (body, beside) = Patient::of_form(request.into_body(), limit);
        Ok(Self {
            multipart: Multipart::new(body, boundary),
            beside,
            fields: Fields::default(),
            last: Shared::default(),
        })
    }

    /// The next file. Plain fields on the way to it are kept in [`Self::fields`]; inputs left empty by the browser are passed over, and
    /// so is what was not read of the file before.
    pub async fn next_file(&mut self) -> Result<Option<IncomingFile>> {
        let Self {
            multipart,
            beside,
            fields,
            last,
        } = self;
        let left = held(last).take();
        if let Some(mut left) = left {
            while let Some(chunk) = left.chunk().await.map_err(broken)? {
                beside.was_of_a_file(chunk.len());
            }
        }
        while let Some(field) = multipart.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_string();
            // A browser gives every `Blob` a file name, also the one that says the media type of a JSON part.
            let json = field
                .content_type()
                .is_some_and(|kind| kind.essence_str() == "application/json");
            match field.file_name().filter(|_| !json).map(ToString::to_string) {
                None => {
                    let value = limited_text(field).await?;
                    fields.pairs.push((name, text::clean_text(&value)));
                }
                Some(file) if file.is_empty() => {}
                Some(file) => {
                    *last = Arc::new(Mutex::new(Some(field)));
                    return Ok(Some(IncomingFile {
                        field: name,
                        name: file,
                        stream: last.clone(),
                        beside: beside.clone(),
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The plain fields read so far.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The JSON in a plain field read so far.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_str(self.fields.required(name)?)
            .map_err(|error| Fault::invalid("web.bad_json").with("reason", &error).caused_by(error))
    }

    /// Reads the form token, which must be the first field of the form.
    pub(crate) async fn token(&mut self) -> Result<String> {
        match self.multipart.next_field().await.map_err(broken)? {
            Some(field) if field.name() == Some(TOKEN) => limited_text(field).await,
            _ => Ok(String::new()),
        }
    }
}

impl IncomingFile {
    /// The contents.
    pub fn into_stream(self) -> impl Stream<Item = std::io::Result<Bytes>> {
        futures::stream::poll_fn(move |context| {
            let mut field = held(&self.stream);
            let Some(open) = field.as_mut() else {
                return Poll::Ready(None);
            };
            let next = ready!(open.poll_next_unpin(context));
            Poll::Ready(match next {
                Some(Ok(chunk)) => {
                    self.beside.was_of_a_file(chunk.len());
                    Some(Ok(chunk))
                }
                Some(Err(error)) => Some(Err(std::io::Error::other(error))),
                None => {
                    *field = None;
                    None
                }
            })
        })
    }
}

/// Nobody panics while the field is held, and if somebody did, the field would be what it was.
fn held(field: &Shared) -> MutexGuard<'_, Option<Field<'static>>> {
    field.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn limited_text(mut field: Field<'static>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > 64 << 10 {
            return Err(Fault::invalid("web.too_large"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn broken(error: multer::Error) -> Fault {
    if is_too_large(&error) {
        Fault::invalid("web.too_large")
    } else {
        Fault::invalid("web.bad_form").caused_by(error)
    }
}

/// Whether the size limit of the whole form lies at the bottom of this error.
fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<TooLarge>() || error.source().is_some_and(is_too_large)
}
