//! What people are told of their case. Who handed in without an account is told at the counter or by post.

use chrono::{DateTime, Utc};
use kernel::{AccountId, AgencyId, Result, local};
use notify::Message;
use op::Op;
use render::Locale;

use crate::store::dossier::DossierRow;
use crate::{Dossiers, subject};

/// What a message says beside the case itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct News<'a> {
    /// The kind of message, `dossier_received`.
    pub(crate) kind: &'a str,
    /// What makes it another message of the same kind: the round, the day.
    pub(crate) occasion: &'a str,
    /// A moment that is promised.
    pub(crate) due: Option<DateTime<Utc>>,
    /// Why.
    pub(crate) reason: &'a str,
}

impl Dossiers {
    /// Tells the person who handed in. Of what was handed in for another everybody hears who reaches it at this moment: the owner, those who act for the
    /// owner in this procedure, and whoever handed in while their representation counts; each once, and all but the owner with the owner's name.
    pub(crate) async fn tell(&self, op: &mut Op, row: &DossierRow, news: News<'_>) -> Result<()> {
        let link = format!("/ho-so-cua-toi/{}", row.id);
        let Some(representation) = row.representation else {
            return match row.submitter_account {
                Some(account) => self.send(op, row, account, (&link, ""), news).await,
                None => Ok(()),
            };
        };
        let Some(heard) = self
            .parts
            .identity
            .heard(op, representation, &row.procedure_code)
            .await?
        else {
            return Ok(());
        };
        if let Some(owner) = heard.owner {
            self.send(op, row, owner, (&link, ""), news).await?;
        }
        let submitter = row.submitter_account.filter(|_| heard.stands);
        let mut others: Vec<AccountId> = heard.house.into_iter().chain(submitter).collect();
        others.sort();
        others.dedup();
        for account in others.into_iter().filter(|account| Some(*account) != heard.owner) {
            self.send(op, row, account, (&link, &heard.name), news).await?;
        }
        Ok(())
    }

    /// Tells the officials of an agency who have the role, or the one who has the task.
    pub(crate) async fn tell_officials(
        &self,
        op: &mut Op,
        row: &DossierRow,
        agency: AgencyId,
        role: &str,
        news: News<'_>,
    ) -> Result<()> {
        let officials = self.parts.identity.officials(op, agency, Some(role)).await?;
        for account in officials.into_iter().filter_map(|official| official.account) {
            let link = format!("/can-bo/ho-so/{}", row.id);
            self.send(op, row, account, (&link, ""), news).await?;
        }
        Ok(())
    }

    /// Tells one official; `link` is where they go on.
    pub(crate) async fn tell_account(
        &self,
        op: &mut Op,
        row: &DossierRow,
        account: AccountId,
        link: &str,
        news: News<'_>,
    ) -> Result<()> {
        self.send(op, row, account, (link, ""), news).await
    }

    /// `owner` is the name of whose case it is, for whoever acts for them.
    async fn send(
        &self,
        op: &mut Op,
        row: &DossierRow,
        to: AccountId,
        (link, owner): (&str, &str),
        news: News<'_>,
    ) -> Result<()> {
        let mut procedure = self.procedure_name(row);
        if !owner.is_empty() {
            let values = render::Params::from([
                ("procedure".to_owned(), procedure.clone()),
                ("owner".to_owned(), owner.to_owned()),
            ]);
            procedure = self.said("people.acting.case_of", &values).unwrap_or(procedure);
        }
        let message = Message::new(to, news.kind, link)
            .with("code", &row.code)
            .with("procedure", procedure)
            .with("agency", &row.receiving_name)
            .with("due", news.due.map(moment).unwrap_or_default())
            .with("reason", news.reason)
            .once(format!("{}:{}:{}", subject(row.id), news.kind, news.occasion));
        self.parts.notify.send(op, message).await?;
        Ok(())
    }

    /// The short name of the procedure in the words of its system, or else its code.
    pub(crate) fn procedure_name(&self, row: &DossierRow) -> String {
        self.word(&format!("apps.{}.short_name", row.app))
            .unwrap_or_else(|| row.procedure_code.clone())
    }

    /// A Vietnamese text, if there is one: official papers and messages are written in Vietnamese.
    pub(crate) fn word(&self, key: &str) -> Option<String> {
        self.said(key, &render::Params::new())
    }

    fn said(&self, key: &str, values: &render::Params) -> Option<String> {
        self.parts.renderer.texts().find(Locale::Vi, key, values)
    }
}

/// A moment as people in Vietnam write it.
fn moment(at: DateTime<Utc>) -> String {
    local(at).format("%H:%M %d/%m/%Y").to_string()
}
