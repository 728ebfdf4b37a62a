//! The head of each day (dấu niêm phong nhật ký hằng ngày). Once it is published nobody can write anew what came before, not even who
//! has all rights on the database.

use chrono::{DateTime, Days, NaiveDate, Utc};
use db::{Page, PageRequest};
use kernel::{Fault, Result, local_date};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{Ops, store};

/// The last link of the chain when a day ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Head {
    /// The day, in Vietnam.
    pub day: NaiveDate,
    /// Position of the link.
    pub position: i64,
    /// The link, as hex.
    pub head: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A head that somebody has kept from where it was published.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Published {
    /// Position of the link.
    pub position: i64,
    /// The link, as hex.
    pub head: String,
    /// Of which day, where that is known.
    #[serde(default)]
    pub day: Option<NaiveDate>,
}

impl std::str::FromStr for Published {
    type Err = Fault;

    /// `POSITION:HEX`, as it is printed. Fails with `op.head_unreadable`.
    fn from_str(text: &str) -> Result<Self> {
        let unreadable = || Fault::invalid("op.head_unreadable").with("text", text);
        let (position, head) = text.trim().split_once(':').ok_or_else(unreadable)?;
        let head = head.trim().to_lowercase();
        let position: i64 = position.trim().parse().map_err(|_| unreadable())?;
        let fits = position > 0 && head.len() == 64 && head.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then_some(Self {
            position,
            head,
            day: None,
        })
        .ok_or_else(unreadable)
    }
}

impl From<Head> for Published {
    fn from(head: Head) -> Self {
        Self {
            position: head.position,
            head: head.head,
            day: Some(head.day),
        }
    }
}

/// Records the heads of the days that have ended since the last one, and tells how many they are. What was sealed by now is their head;
/// sealing does the same before it seals anything ([`crate::audit::seal_with_heads`]). The first head is that of the day before, if
/// there was anything then.
pub async fn record_heads(ops: &Ops) -> Result<u64> {
    let mut transaction = ops.pool().begin().await.map_err(db::fault)?;
    let Some(last) = store::lock_last_seal(&mut transaction).await? else {
        return Ok(0);
    };
    let recorded = record(&mut transaction, &last, ops.now()).await?;
    transaction.commit().await.map_err(db::fault)?;
    Ok(recorded)
}

/// The same under the lock of the sealers, with the last link that is sealed.
pub(super) async fn record(
    connection: &mut PgConnection,
    (position, chain): &(i64, Vec<u8>),
    now: DateTime<Utc>,
) -> Result<u64> {
    let Some(ended) = local_date(now).checked_sub_days(Days::new(1)) else {
        return Ok(0);
    };
    let from = match store::last_head_day(connection).await? {
        Some(last) => last + Days::new(1),
        None if store::first_sealed_at(connection)
            .await?
            .is_none_or(|first| local_date(first) > ended) =>
        {
            return Ok(0);
        }
        None => ended,
    };
    let recorded = store::insert_heads(connection, from, ended, *position, chain, now).await?;
    if recorded > 0 {
        tracing::info!(day = %ended, position, head = hex::encode(chain), "the head of the audit trail is recorded");
    }
    Ok(recorded)
}

/// The recorded heads, the newest first. Everybody may know them: they tell nothing but how many entries there are.
pub async fn heads(connection: &mut PgConnection, request: &PageRequest) -> Result<Page<Head>> {
    let before: Option<NaiveDate> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows = store::heads(connection, before, request.probe()).await?;
    Ok(Page::cut(rows, request, |head| head.day))
}
