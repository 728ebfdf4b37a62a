//! The cases of the one who asks.

use db::{Page, PageRequest};
use kernel::Result;
use op::Op;

use crate::store::read_lists::OwnPlace;
use crate::views::MyRow;
use crate::{Dossiers, store};

impl Dossiers {
    /// What the actor owns or handed in as a citizen, or what was handed in for the one for whom they act; what waits for them before the rest, each newest first. Nobody else has any.
    pub async fn mine(&self, op: &mut Op, request: &PageRequest) -> Result<Page<MyRow>> {
        let Some(citizen) = op.actor().citizen().cloned() else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let after = request.after.as_deref().map(db::cursor::decode).transpose()?;
        let rows = match &citizen.acts_for {
            None => store::read_lists::mine(op.conn(), citizen.person, after, request.probe()).await?,
            Some(acting) => store::read_lists::represented(op.conn(), acting, after, request.probe()).await?,
        };
        Ok(Page::cut(rows, request, OwnPlace::of))
    }
}
