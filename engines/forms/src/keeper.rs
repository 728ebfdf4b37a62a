//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use identity::Representation;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};
use serde_json::json;
use uuid::Uuid;

use crate::{Forms, store};

/// The holder of drafts that somebody fills in for themself, and the beginning of that of drafts for others for whom they act; those at the counter are
/// work, and about others.
fn holder(whom: &Whom) -> Option<String> {
    whom.account.map(|account| format!("citizen:{account}"))
}

/// Under which representations others act, or have acted, for the person.
fn by_others(all: &[Representation], whom: &Whom) -> Vec<Uuid> {
    let given = all.iter().filter(|one| one.represented == whom.person);
    given.map(|one| one.id).collect()
}

#[async_trait]
impl Keeper for Forms {
    fn engine(&self) -> &'static str {
        "forms"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let all = self.identity().representations_of(op, whom.person).await?;
        let of = |id: Option<Uuid>| all.iter().find(|one| Some(one.id) == id);
        let mut parts = Vec::new();
        if let Some(holder) = holder(whom) {
            let drafts = store::draft::told(op.conn(), self.vault(), &holder, most + 1).await?;
            let own = drafts.into_iter().map(|(under, mut draft)| {
                if under.is_some() {
                    draft["represented"] = json!(of(under).map(|one| &one.represented_name));
                }
                // What is about somebody for whom the person acts no more is that one's.
                if under.is_some()
                    && !of(under).is_some_and(|one| one.in_force)
                    && let Some(fields) = draft.as_object_mut()
                {
                    fields.remove("answers");
                    fields.remove("files");
                }
                draft
            });
            parts.push(Kept::of("drafts", own, most));
        }
        let drafts = store::draft::told_under(op.conn(), self.vault(), &by_others(&all, whom), most + 1).await?;
        let others = drafts.into_iter().map(|(under, mut draft)| {
            draft["representative"] = json!(of(under).map(|one| &one.representative_name));
            draft
        });
        parts.push(Kept::of("drafts_by_others", others, most));
        Ok(parts)
    }

    /// Every open draft goes, with its answers and files; those too that others fill in for the person.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let all = self.identity().representations_of(op, whom.person).await?;
        let mut drafts = store::draft::lock_open_under(op.conn(), &by_others(&all, whom)).await?;
        if let Some(holder) = holder(whom) {
            drafts.extend(store::draft::lock_open(op.conn(), &holder).await?);
        }
        for draft in &drafts {
            self.remove(op, permit, draft, "forgotten").await?;
        }
        let gone = u64::try_from(drafts.len()).unwrap_or(u64::MAX);
        Ok(vec![Forgotten::gone("drafts", gone)])
    }
}
