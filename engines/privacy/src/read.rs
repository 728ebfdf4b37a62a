//! Lists and one request, for the person and for officials.

use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use kernel::Result;
use op::{Entry, Op};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bounds::Bound;
use crate::model::{Line, Request, words};
use crate::{Privacy, access, error, store, subject};

words! {
    /// Which requests a desk shows.
    DeskBox {
        /// What waits, the earliest due first: what is late stands above.
        Open = "open",
        /// What has ended, the latest first.
        Ended = "ended",
    }
}

/// A request with its history.
#[derive(Debug, Clone, Serialize)]
pub struct Detail {
    /// The request.
    pub request: Request,
    /// What was done, in order.
    pub lines: Vec<Line>,
    /// For what the data is not used since the answer.
    pub bounds: Vec<Bound>,
}

/// A row of the desk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeskRow {
    /// The request.
    pub request: Request,
    /// The person's full name.
    pub name: String,
}

impl Privacy {
    /// The actor's own requests, the newest first.
    pub async fn mine(&self, op: &mut Op, page: &PageRequest) -> Result<Page<Request>> {
        op.allow("privacy.list", "data_request:mine", access::own(op.actor()))
            .await?;
        let person = op.actor().person().ok_or_else(error::sign_in)?;
        let after: Option<(DateTime<Utc>, Uuid)> = page.after.as_deref().map(db::cursor::decode).transpose()?;
        let rows = store::request::of_person(op.conn(), self.vault(), person, after, page.probe()).await?;
        Ok(Page::cut(rows, page, |row| (row.received_at, row.id)))
    }

    /// One request, for its person and for those who handle it; an official's reading is in the trail, so the caller commits. What belongs
    /// to the person is read through the same door.
    pub async fn request(&self, op: &mut Op, id: Uuid) -> Result<Detail> {
        let request = store::request::get(op.conn(), self.vault(), id)
            .await?
            .ok_or_else(error::not_found)?;
        op.allow("privacy.read", &subject(id), access::view(op.rights(), &request))
            .await?;
        if op.actor().person() != Some(request.person) {
            let entry = Entry::new("privacy.request_read", subject(id)).about(Some(request.person));
            op.record(entry.purpose(request.number.to_string())).await?;
        }
        let lines = store::request::lines(op.conn(), self.vault(), id).await?;
        let bounds = store::bound::of_request(op.conn(), id).await?;
        Ok(Detail { request, lines, bounds })
    }

    /// What officials have to do, or what they have done.
    pub async fn desk(&self, op: &mut Op, which: DeskBox, page: &PageRequest) -> Result<Page<DeskRow>> {
        op.allow(
            "privacy.desk",
            "data_request:desk",
            access::desk(op.rights(), "privacy.desk"),
        )
        .await?;
        let after: Option<(DateTime<Utc>, Uuid)> = page.after.as_deref().map(db::cursor::decode).transpose()?;
        let rows = match which {
            DeskBox::Open => store::request::waiting(op.conn(), self.vault(), after, page.probe()).await?,
            DeskBox::Ended => store::request::ended(op.conn(), self.vault(), after, page.probe()).await?,
        };
        let place = |row: &Request| (row.next_due().or(row.ended_at).unwrap_or(row.due_at), row.id);
        let page = Page::cut(rows, page, place);
        let people: Vec<_> = page.items.iter().map(|row| row.person).collect();
        let names = self.parts.identity.names(op, &people).await?;
        Ok(page.map(|request| DeskRow {
            name: names.get(&request.person).cloned().unwrap_or_default(),
            request,
        }))
    }
}
