//! Lists (RFC 7644, 3.4.2): filtered, ordered, page by page.

use kernel::Result;
use op::{Entry, Op};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::{Choice, Kept};
use crate::filter::Filter;
use crate::path::Place;
use crate::schema::{MOST_RESULTS, Resource};
use crate::{Caller, Scim, access, error, store};

/// What of all there is.
pub(crate) struct Question<'a> {
    pub(crate) client: &'a str,
    /// What stands before addresses.
    pub(crate) base: &'a str,
    pub(crate) resources: &'a [Resource],
    pub(crate) filter: Option<&'a Filter>,
    pub(crate) order: Option<Order>,
}

/// By what a list is ordered.
pub(crate) struct Order {
    pub(crate) by: String,
    pub(crate) descending: bool,
}

/// What an application asks for.
#[derive(Default)]
pub(crate) struct Search {
    pub(crate) filter: Option<String>,
    pub(crate) sort_by: Option<String>,
    pub(crate) descending: bool,
    /// The first one, counted from 1.
    pub(crate) start: i64,
    pub(crate) count: i64,
    pub(crate) choice: Choice,
}

impl Scim {
    /// A list of what the application looks after. What is shown of people is in the audit trail, so the caller commits.
    /// Fails with `scim.filter` and `scim.syntax`.
    pub(crate) async fn search(
        &self,
        op: &mut Op,
        caller: &Caller,
        resources: &[Resource],
        search: Search,
    ) -> Result<Value> {
        op.allow("scim.search", "scim:resources", access::provision(op.actor()))
            .await?;
        let base = self.base();
        let filter = search.filter.as_deref().map(Filter::parse).transpose()?;
        if let Some(by) = &search.sort_by
            && resources.iter().all(|resource| Place::find(*resource, by).is_none())
        {
            return Err(error::syntax("sortBy"));
        }
        let question = Question {
            client: &caller.id,
            base: &base,
            resources,
            filter: filter.as_ref(),
            order: search.sort_by.map(|by| Order {
                by,
                descending: search.descending,
            }),
        };
        let total = store::query::count(op.conn(), &question).await?;
        let start = search.start.max(1);
        let count = search.count.clamp(0, MOST_RESULTS);
        let page = if count == 0 || start > total {
            Vec::new()
        } else {
            store::query::page(op.conn(), &question, start - 1, count).await?
        };
        self.note_shown(op, caller, &page).await?;
        let shown: Vec<Value> = page
            .iter()
            .map(|kept| Value::Object(search.choice.of(kept.resource, kept.whole(&base))))
            .collect();
        Ok(json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total, "startIndex": start, "itemsPerPage": shown.len(), "Resources": shown,
        }))
    }

    /// One resource of the application; the caller commits. Fails with `scim.not_found`.
    pub(crate) async fn read(&self, op: &mut Op, caller: &Caller, resource: Resource, id: Uuid) -> Result<Kept> {
        op.allow("scim.read", &subject(resource, id), access::provision(op.actor()))
            .await?;
        let kept = store::query::one(op.conn(), &caller.id, resource, id)
            .await?
            .ok_or_else(error::not_found)?;
        self.note_shown(op, caller, std::slice::from_ref(&kept)).await?;
        Ok(kept)
    }

    /// People see which application has read what it looks after of them.
    async fn note_shown(&self, op: &mut Op, caller: &Caller, shown: &[Kept]) -> Result<()> {
        let ids: Vec<Uuid> = shown
            .iter()
            .filter(|kept| kept.resource == Resource::User)
            .map(|kept| kept.id)
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        for (id, person) in store::user::people(op.conn(), &caller.id, &ids).await? {
            let entry = Entry::new("scim.user_read", subject(Resource::User, id)).purpose(caller.purpose());
            op.record(entry.about(Some(person)).detail(json!({ "client": caller.id })))
                .await?;
        }
        Ok(())
    }
}

/// A resource in the audit trail.
pub(crate) fn subject(resource: Resource, id: Uuid) -> String {
    match resource {
        Resource::User => format!("account:{id}"),
        Resource::Group => format!("scim_group:{id}"),
    }
}
