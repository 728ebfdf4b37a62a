//! The named accounts of the demonstration.

use identity::{AccountState, Identity, NewAccount, NewPerson, Residence, Validity};
use kernel::{Actor, Fault, Result, code::Sex};
use op::Ops;
use serde::{Deserialize, Serialize};

use super::{
    offices::founding,
    tables::{self, DemoFile, OrganisationRow, PositionsFile},
};

/// Makes or finds the password of a sign-in name.
pub type Password<'a> = &'a (dyn Fn(&str) -> String + Sync);

/// An account that a demonstration is shown with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoAccount {
    /// `citizen`, or the first role of the position.
    pub role: String,
    /// Sign-in name.
    pub name: String,
    /// Password, made when the province was loaded.
    pub password: String,
    /// Name of the person.
    pub person: String,
    /// Title of the position; empty for citizens.
    pub position: String,
    /// Name of the agency; empty for citizens.
    pub agency: String,
}

pub(super) async fn load(ops: &Ops, identity: &Identity, password: Password<'_>) -> Result<Vec<DemoAccount>> {
    let demo: DemoFile = tables::yaml("hau-giang/demo.yaml")?;
    let kinds: PositionsFile = tables::yaml("hau-giang/positions.yaml")?;
    let organisations: Vec<OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
    let broken = |what: &str| {
        Fault::internal("compose.table_broken")
            .with("file", "hau-giang/demo.yaml")
            .with("reason", what)
    };
    let mut accounts = Vec::new();
    for row in &demo.accounts {
        let secret = password(&row.sign_in);
        let kind = row
            .position
            .as_ref()
            .and_then(|key| kinds.kinds.iter().find(|kind| &kind.key == key));
        let office = row
            .organisation
            .as_ref()
            .and_then(|code| organisations.iter().find(|found| &found.code == code));
        accounts.push(DemoAccount {
            role: kind
                .and_then(|kind| kind.roles.first().cloned())
                .unwrap_or_else(|| row.kind.clone()),
            name: row.sign_in.clone(),
            password: secret.clone(),
            person: row.name.clone(),
            position: kind.map(|kind| kind.title_vi.clone()).unwrap_or_default(),
            agency: office.map(|office| office.name.clone()).unwrap_or_default(),
        });
        let key = format!("province.account.{}", row.sign_in);
        let mut op = ops.open(Actor::System("province")).await?;
        if op.mark(&key).await?.is_some() {
            continue;
        }
        drop(op);
        // Hashing takes long on purpose; no transaction waits for it.
        let hash = identity.hash_password(&secret).await?;
        let mut op = ops.open(Actor::System("province")).await?;
        if op.mark(&key).await?.is_some() {
            continue;
        }
        let person = NewPerson {
            personal_number: Some(row.personal_number.parse()?),
            birth_date: Some(row.born.parse().map_err(|_| broken(&row.born))?),
            sex: Some(if row.sex == "female" { Sex::Female } else { Sex::Male }),
            residence: row.residence.as_ref().map(|home| Residence {
                ward_code: home.unit.clone(),
                detail: home.hamlet.clone(),
            }),
            email: row.email.clone(),
            synthetic: true,
            source_key: Some(format!("demo.account.{}", row.sign_in)),
            ..NewPerson::named(row.name.clone())
        };
        let person = identity.register_person(&mut op, &person).await?;
        if let (Some(kind), Some(office)) = (kind, office) {
            let agency = identity.agency_by_code(&mut op, &office.agency_code).await?.id;
            let position = identity.position_by_code(&mut op, agency, &kind.key).await?;
            identity
                .hold_position(&mut op, person, position, Validity::since(founding()))
                .await?;
        }
        let account = NewAccount {
            person,
            login: row.sign_in.clone(),
            password: Some(hash),
        };
        let account = identity.create_account(&mut op, &account).await?;
        identity
            .set_account_state(&mut op, account, AccountState::Active)
            .await?;
        op.set_mark(&key, "made").await?;
        op.commit().await?;
    }
    Ok(accounts)
}
