//! Which records have which keys.

use std::collections::HashMap;

use kernel::Result;
use op::Op;
use uuid::Uuid;

use crate::{Registry, access, store};

impl Registry {
    /// The records that have these keys, of those that go on: a value for each field of the key, in its order, as text. For the owner and for the
    /// platform, who take many rows over.
    ///
    /// # Errors
    /// `registry.not_allowed`, `registry.not_found` {register}.
    pub async fn ids(&self, op: &mut Op, register: &str, keys: &[Vec<String>]) -> Result<HashMap<Vec<String>, Uuid>> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.import",
            &format!("register:{register}"),
            access::own(op.rights(), "registry.import", seen.standing),
        )
        .await?;
        if !seen.published.made {
            return Ok(HashMap::new());
        }
        let definition = seen.published.definition;
        let keys: Vec<&[String]> = keys
            .iter()
            .map(Vec::as_slice)
            .filter(|key| key.len() == definition.key.len())
            .collect();
        store::many::by_keys(op.conn(), self.vault(), &definition, &keys, store::many::Which::GoingOn).await
    }
}
