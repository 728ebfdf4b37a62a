//! What tests of files share: officials with accounts, uploads, the work of the background.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use files::{Files, Limits};
use futures::StreamExt;
use identity::{NewAccount, NewPerson, NewPosition, Validity};
use kernel::{Actor, Official, PersonId, Result};
use op::Jobs;
use registry::import::{self, Choice, Import, Target};
use registry::{Registry, Wish};
use render::{Locale, Texts};
use tabular::{Cell, Format, Limits as Rows, Row};
use uuid::Uuid;

use crate::town::Town;

/// A town whose registers take files.
pub struct Desk {
    pub town: Town,
    pub registry: Registry,
    pub texts: Arc<Texts>,
}

/// An official who has an account, so that the background finds them.
#[derive(Clone)]
pub struct Officer {
    pub actor: Actor,
    pub person: PersonId,
}

impl Desk {
    pub async fn new() -> Self {
        let town = Town::new().await;
        let registry = Self::node(&town);
        let texts = Arc::new(Texts::embedded().unwrap());
        Self { town, registry, texts }
    }

    /// Another program on the same database and store.
    pub fn node(town: &Town) -> Registry {
        Registry::new(town.identity.clone()).with_files(Self::store_of(town))
    }

    fn store_of(town: &Town) -> Files {
        Files::new(town.scratch.directory().join("files"), Limits::default())
    }

    pub fn store(&self) -> Files {
        Self::store_of(&self.town)
    }

    pub fn jobs(registry: &Registry) -> Jobs {
        let mut jobs = Jobs::new();
        import::register(&mut jobs, registry);
        jobs
    }

    /// Does what waits in the background.
    pub async fn drain(&self) {
        op::drain(&self.town.scratch.ops, &Self::jobs(&self.registry))
            .await
            .unwrap();
    }

    pub async fn officer(&self, agency: &str, role: &str) -> Officer {
        let identity = &self.town.identity;
        let login = format!("{agency}.{role}.{}", Uuid::now_v7().simple());
        let mut op = self.town.op(&Actor::System("province")).await;
        let person = identity
            .register_person(&mut op, &NewPerson::named("Trần Văn Mẫu"))
            .await
            .unwrap();
        let since = Validity::since("2020-01-01".parse().unwrap());
        let position = NewPosition {
            agency: self.town.agencies[agency],
            unit: None,
            code: login.replace('.', "-").to_lowercase(),
            title: "Chuyên viên".into(),
            roles: vec![role.into()],
            validity: since,
        };
        let position = identity.upsert_position(&mut op, &position).await.unwrap();
        identity.hold_position(&mut op, person, position, since).await.unwrap();
        let account = NewAccount {
            person,
            login,
            password: None,
        };
        let account = identity.create_account(&mut op, &account).await.unwrap();
        op.commit().await.unwrap();
        let Actor::Official(like) = self.town.official(agency, role) else {
            unreachable!()
        };
        let actor = Actor::Official(Official {
            account,
            person,
            position,
            ..like
        });
        Officer { actor, person }
    }

    pub async fn upload(&self, by: &Officer, register: &str, name: &str, content: &[u8]) -> Result<Import> {
        let mut op = self.town.op(&by.actor).await;
        self.registry.may_import(&mut op, register).await?;
        drop(op);
        let pieces: Vec<std::io::Result<Bytes>> = content
            .chunks(1000)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let arrived = self
            .registry
            .receive_import(name, futures::stream::iter(pieces))
            .await?;
        let mut op = self.town.op(&by.actor).await;
        let import = self.registry.begin_import(&mut op, register, arrived).await?;
        op.commit().await?;
        Ok(import)
    }

    /// Confirms columns, by their places.
    pub async fn start(&self, by: &Officer, import: &Import, said: &[(usize, &str)]) -> Result<Import> {
        let mut op = self.town.op(&by.actor).await;
        let register = import.register.clone();
        let definition = self.registry.register(&mut op, &register).await?.definition;
        let said: BTreeMap<usize, Choice> = said
            .iter()
            .map(|(place, target)| {
                let target = Target::parse(&definition, target).unwrap();
                let confirmed = true;
                (*place, Choice { target, confirmed })
            })
            .collect();
        let known = import::known(&self.texts);
        let started = self
            .registry
            .start_import(&mut op, &register, import.id, (&known, &said), None)
            .await?;
        op.commit().await?;
        Ok(started)
    }

    /// Takes a file in and reads all of it.
    pub async fn bring(&self, by: &Officer, register: &str, name: &str, content: &[u8]) -> Import {
        let import = self.upload(by, register, name, content).await.unwrap();
        self.start(by, &import, &[]).await.unwrap();
        self.drain().await;
        self.look(by, &import).await.unwrap()
    }

    pub async fn look(&self, by: &Officer, import: &Import) -> Result<Import> {
        let mut op = self.town.op(&by.actor).await;
        self.registry.import(&mut op, &import.register, import.id).await
    }

    /// The rows that were handed back, as a file.
    pub async fn bad_rows(&self, by: &Officer, import: &Import) -> Result<Vec<u8>> {
        let mut op = self.town.op(&by.actor).await;
        let words = (self.texts.clone(), Locale::Vi);
        let rows = self
            .registry
            .bad_rows(&mut op, &import.register, import.id, words)
            .await?;
        op.commit().await?;
        Ok(whole(rows.stream(self.town.scratch.ops.clone())).await)
    }

    pub async fn export(&self, actor: &Actor, register: &str, pairs: &[(&str, &str)]) -> Result<Vec<u8>> {
        self.export_in(actor, register, Locale::Vi, pairs).await
    }

    pub async fn export_in(
        &self,
        actor: &Actor,
        register: &str,
        locale: Locale,
        pairs: &[(&str, &str)],
    ) -> Result<Vec<u8>> {
        let mut op = self.town.op(actor).await;
        let definition = self.registry.register(&mut op, register).await?.definition;
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let wish = Wish::read(&definition, &pairs, locale)?;
        let export = self.registry.export(&mut op, register, wish, &self.texts).await?;
        op.commit().await?;
        Ok(whole(export.stream(self.town.scratch.ops.clone())).await)
    }

    /// How many rows a table of records has; none where it is not made yet.
    pub async fn count_of(&self, table: &'static str) -> i64 {
        let made: bool = sqlx::query_scalar("SELECT made FROM registry.register WHERE register = $1")
            .bind(table)
            .fetch_one(&self.town.scratch.pool)
            .await
            .unwrap();
        if made { self.count(table).await } else { 0 }
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        sqlx::query_scalar(match table {
            "shop" => "SELECT count(*) FROM records.shop",
            "street" => "SELECT count(*) FROM records.street",
            "street__was" => "SELECT count(*) FROM records.street__was",
            _ => unreachable!(),
        })
        .fetch_one(&self.town.scratch.pool)
        .await
        .unwrap()
    }
}

async fn whole(bytes: impl futures::Stream<Item = std::io::Result<Bytes>>) -> Vec<u8> {
    let mut bytes = std::pin::pin!(bytes);
    let mut whole = Vec::new();
    while let Some(piece) = bytes.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    whole
}

/// Headings and rows of a file.
pub fn table(format: Format, file: &[u8]) -> (Vec<String>, Vec<Row>) {
    let rows = tabular::read(std::io::Cursor::new(file.to_vec()), format, &Rows::default()).unwrap();
    let headings = rows.headings().to_vec();
    (headings, rows.map(|row| row.unwrap()).collect())
}

/// The texts of a row.
pub fn texts(row: &Row) -> Vec<String> {
    row.cells.iter().map(|cell| cell.text().into_owned()).collect()
}

/// A workbook of these rows, the first of them headings.
pub fn workbook(rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut writer = tabular::Writer::new(Vec::new(), Format::Xlsx).unwrap();
    let headings: Vec<tabular::Heading> = rows[0]
        .iter()
        .map(|cell| tabular::Heading::new(cell.text(), cell.text(), tabular::Kind::Text))
        .collect();
    writer.headings(&headings).unwrap();
    for row in &rows[1..] {
        writer.row(row).unwrap();
    }
    writer.finish().unwrap()
}
