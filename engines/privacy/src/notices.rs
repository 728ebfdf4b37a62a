//! Who is told what of a request. Messages hold no personal data: the number, the kind and the day.

use kernel::Result;
use notify::Message;
use op::Op;
use render::{Locale, Params};

use crate::model::{Request, moment_words};
use crate::{Privacy, subject};

/// The page of one's own request.
pub(crate) fn own_page(request: &Request) -> String {
    format!("/tai-khoan/du-lieu/{}", request.id)
}

/// Officials of one role who are told, by what they may do and not by what they are called; a province has a handful.
const MOST_OFFICIALS: u32 = 50;

impl Privacy {
    pub(crate) async fn tell_person(&self, op: &mut Op, request: &Request, kind: &str) -> Result<()> {
        let message = self.message(request, request.account, kind, own_page(request), "");
        self.parts.notify.send(op, message).await.map(|_| ())
    }

    /// Tells every official who may handle it; `occasion` makes another message of the same kind.
    pub(crate) async fn tell_officials(
        &self,
        op: &mut Op,
        request: &Request,
        kind: &str,
        occasion: &str,
    ) -> Result<()> {
        let officials = self
            .parts
            .identity
            .officials_who_may(op, "privacy.acknowledge", MOST_OFFICIALS)
            .await?;
        let others = officials
            .into_iter()
            .filter(|official| official.person != request.person);
        for account in others.filter_map(|official| official.account) {
            let link = format!("/can-bo/du-lieu-ca-nhan/{}", request.id);
            let message = self.message(request, account, kind, link, occasion);
            self.parts.notify.send(op, message).await?;
        }
        Ok(())
    }

    fn message(&self, request: &Request, to: kernel::AccountId, kind: &str, link: String, occasion: &str) -> Message {
        let key = format!("privacy.kind.{}", request.kind.as_str());
        // Messages are put together when they are read; what a kind is called is a word in them, as in all official papers.
        let name = self.parts.renderer.texts().get(Locale::Vi, &key, &Params::new());
        Message::new(to, kind, link)
            .with("number", request.number)
            .with("kind", name)
            .with("due", moment_words(request.next_due().unwrap_or(request.due_at)))
            .once(format!("{}:{kind}:{occasion}", subject(request.id)))
    }
}
