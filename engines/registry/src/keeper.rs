//! What registers hold about a person, told for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};
use serde_json::{Value, json};

use crate::{Registry, store};

#[async_trait]
impl Keeper for Registry {
    fn engine(&self) -> &'static str {
        "registry"
    }

    /// Every record that names the person by their number, as it is known now.
    async fn tell(&self, op: &mut Op, permit: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let Some(number) = self.identity().number_of(op, permit, whom.person).await? else {
            return Ok(vec![Kept::of("records", [], most)]);
        };
        op.beyond_the_wall(permit).await?;
        let number = Value::from(number.as_str());
        let mut told = Vec::new();
        for (register, standing) in store::register::all(op.conn()).await? {
            if !standing.made || told.len() > usize::try_from(most).unwrap_or(usize::MAX) {
                continue;
            }
            let definition = self.definition(op, &register, &standing.digest).await?;
            for field in definition.tagged().filter(|field| field.is_personal_number()) {
                let hashes = store::record::tags(self.vault(), &register, &field.field, &number)?;
                let ids = store::sealed::naming(op.conn(), &definition, &field.field, &hashes, most + 1).await?;
                for id in ids {
                    let periods = store::record::periods(op.conn(), &definition, id, Some(self.vault()), false).await?;
                    told.extend(periods.iter().rev().map(|record| {
                        json!({
                            "register": definition.words.vi,
                            "key": register,
                            "owner": definition.owner,
                            "as": field.words.vi,
                            "record": id,
                            "valid_from": record.valid_from,
                            "valid_to": record.valid_to,
                            "recorded_at": record.recorded_at,
                            "values": record.values,
                        })
                    }));
                }
            }
        }
        Ok(vec![Kept::of("records", told, most)])
    }

    /// Registers are kept by law, each as long as its declaration says.
    async fn forget(&self, _: &mut Op, _: &Permit, _: &Whom) -> Result<Vec<Forgotten>> {
        Ok(vec![Forgotten::kept("records")])
    }
}
