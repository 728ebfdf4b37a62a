//! The box in the JSON API.

use chrono::{DateTime, Utc};
use kernel::{AccountId, Fault, Result};
use render::Locale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

use crate::{MessageView, Notify, Which, Words};

/// A message in the language of the request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageWords {
    /// The identifier (UUID).
    pub id: String,
    /// What it tells, for programs.
    pub kind: String,
    /// The title.
    pub title: String,
    /// The body.
    pub body: String,
    /// Where in the portal the reader can act on it.
    pub link: String,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was first marked read.
    pub read_at: Option<DateTime<Utc>>,
}

/// A page of the box.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessagePage {
    /// The messages, newest first.
    pub items: Vec<MessageWords>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
    /// Unread messages in the whole box.
    pub unread: u32,
}

/// Marking read needs no details.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReadRequest {}

/// What marking read did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReadCount {
    /// Messages that were unread before.
    pub marked: u32,
    /// Unread messages that are left.
    pub unread: u32,
}

impl MessageWords {
    /// The message in this language.
    pub fn new(view: MessageView, words: &dyn Words, locale: Locale) -> Self {
        Self {
            id: view.id.to_string(),
            title: view.title(words, locale),
            body: view.body(words, locale),
            kind: view.kind,
            link: view.link,
            created_at: view.created_at,
            read_at: view.read_at,
        }
    }
}

/// `GET /api/v1/messages`, `POST /api/v1/messages/{id}/read` and `POST /api/v1/messages/read` (all).
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Notify> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/messages",
            Door::SignedIn,
            Doc::new(
                "listMessages",
                "messages",
                "Messages to the signed-in person, newest first.",
            )
            .with_query(&["sau", "so"]),
            list,
        )
        .api_post(
            "/api/v1/messages/{id}/read",
            Door::SignedIn,
            Doc::new(
                "readMessage",
                "messages",
                "Marks one message read. Repeating it changes nothing.",
            ),
            read_one,
        )
        .api_post(
            "/api/v1/messages/read",
            Door::SignedIn,
            Doc::new("readMessages", "messages", "Marks all messages read."),
            read_all,
        )
}

async fn list<S>(visit: Visit<S>) -> Result<MessagePage>
where
    S: AsRef<Site> + AsRef<Notify>,
{
    let account = account(&visit)?;
    let notify: &Notify = visit.state.as_ref();
    let mut op = visit.op().await?;
    let page = notify.box_page(&mut op, account, visit.page_request()).await?;
    let unread = notify.unread(op.conn(), account).await?;
    op.commit().await?;
    let texts = visit.site().renderer.texts();
    let page = page.map(|view| MessageWords::new(view, &*texts, visit.locale));
    Ok(MessagePage {
        items: page.items,
        next: page.next,
        unread,
    })
}

async fn read_one<S>(visit: Visit<S>, _: ReadRequest) -> Result<ReadCount>
where
    S: AsRef<Site> + AsRef<Notify>,
{
    let id = visit.parse_param("id")?;
    mark(visit, Which::One(id)).await
}

async fn read_all<S>(visit: Visit<S>, _: ReadRequest) -> Result<ReadCount>
where
    S: AsRef<Site> + AsRef<Notify>,
{
    mark(visit, Which::All).await
}

async fn mark<S>(visit: Visit<S>, which: Which) -> Result<ReadCount>
where
    S: AsRef<Site> + AsRef<Notify>,
{
    let account = account(&visit)?;
    let notify: &Notify = visit.state.as_ref();
    let mut op = visit.op().await?;
    let marked = notify.mark_read(&mut op, account, which).await?;
    let unread = notify.unread(op.conn(), account).await?;
    op.commit().await?;
    Ok(ReadCount { marked, unread })
}

/// The door lets only signed-in people in, so a missing account is the box of nobody.
fn account<S>(visit: &Visit<S>) -> Result<AccountId> {
    visit
        .actor
        .account()
        .ok_or_else(|| Fault::not_found("notify.not_found"))
}
