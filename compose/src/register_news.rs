//! What officials are told of registers: that something waits for their approval, what became of what they have asked for, that data has become worse.
//! Where many things happen at once one message leads to all of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity::Identity;
use kernel::{AccountId, Actor, AgencyId, Fault, PersonId, Result, local_date};
use notify::{Message, Notify};
use op::{Event, Op, Reactions};
use registry::{Registry, events};
use serde::Deserialize;

const BOX: &str = "/can-bo/de-nghi-cap-nhat";
const BULKS: &str = "/can-bo/sua-nhieu-ban-ghi";
const QUALITY: &str = "/can-bo/chat-luong-du-lieu?cua=toi";

/// What the events say, as far as messages repeat it.
#[derive(Deserialize)]
struct Facts {
    register: String,
    #[serde(default)]
    state: String,
    /// Whoever has asked.
    #[serde(default)]
    person: Option<PersonId>,
    #[serde(default)]
    proposal: String,
    #[serde(default)]
    bulk: String,
    #[serde(default)]
    import: String,
    #[serde(default)]
    owner: Option<AgencyId>,
}

struct News {
    identity: Identity,
    notify: Notify,
    registry: Registry,
}

/// Listens to the registers.
pub(crate) fn register(reactions: &mut Reactions, identity: &Identity, notify: &Notify, registry: &Registry) {
    let news = Arc::new(News {
        identity: identity.clone(),
        notify: notify.clone(),
        registry: registry.clone(),
    });
    for kind in [
        events::PROPOSED,
        events::PROPOSAL_DECIDED,
        events::BULK,
        events::IMPORT_ASKED,
        events::IMPORT_DECIDED,
        events::QUALITY_FELL,
    ] {
        let news = news.clone();
        reactions.on(kind, move |op: &mut Op, event: &Event| {
            let news = news.clone();
            Box::pin(async move { news.hear(op, event).await })
        });
    }
}

impl News {
    async fn hear(&self, op: &mut Op, event: &Event) -> Result<()> {
        let facts: Facts = serde_json::from_value(event.payload.clone()).map_err(|error| {
            Fault::internal("compose.event_broken")
                .with("event", event.kind)
                .caused_by(error)
        })?;
        let kind = event.kind;
        match kind {
            events::PROPOSED => self.waits(op, &facts, BOX).await,
            events::IMPORT_ASKED => self.waits(op, &facts, BOX).await,
            events::BULK if facts.state == "waiting" => self.waits(op, &facts, BULKS).await,
            events::QUALITY_FELL => self.fell(op, &facts).await,
            _ => self.decided(op, kind, &facts).await,
        }
    }

    /// Those who approve are told once a day of each register and box, however much waits there.
    async fn waits(&self, op: &mut Op, facts: &Facts, link: &'static str) -> Result<()> {
        let (name, owner) = self.about(op, &facts.register).await?;
        let key = format!("register:{}:waits:{link}:{}", facts.register, local_date(op.now()));
        let own = own_account(op);
        for account in self.officials(op, owner, "registry.approve").await? {
            // Nobody decides on what is their own.
            if Some(account) != own {
                let message = Message::new(account, "register_waits", link).with("register", &name);
                self.notify.send(op, message.once(&key)).await?;
            }
        }
        Ok(())
    }

    /// Whoever has asked is told what became of it: of what is approved once a day and register, of what is not each time.
    async fn decided(&self, op: &mut Op, event: &str, facts: &Facts) -> Result<()> {
        let Some(person) = facts.person else { return Ok(()) };
        // What they do themselves they know; what is carried out in their name ends when they are elsewhere.
        if op.actor().person() == Some(person) && facts.state != "done" {
            return Ok(());
        }
        let (id, link) = match event {
            events::PROPOSAL_DECIDED => (&facts.proposal, format!("{BOX}/{}", facts.proposal)),
            events::BULK => (&facts.bulk, format!("{BULKS}/{}", facts.bulk)),
            _ => {
                let register = format!("/can-bo/co-so-du-lieu/{}", facts.register);
                (&facts.import, format!("{register}/nhap/{}", facts.import))
            }
        };
        let day = local_date(op.now());
        let many = format!("register:{}:approved:{day}", facts.register);
        let one = format!("register:{id}:{}", facts.state);
        let (kind, link, once) = match (event, facts.state.as_str()) {
            (events::PROPOSAL_DECIDED, "approved") => ("register_approved", format!("{BOX}?hop=mine"), many),
            (_, "approved") => ("register_approved", link, one),
            (_, "returned") => ("register_returned", link, one),
            (_, "refused") => ("register_refused", link, one),
            (events::BULK, "done") => ("register_bulk_done", link, one),
            // By the platform: whoever asked may not any more, or the register is another.
            (events::BULK, "stopped") => ("register_bulk_stopped", link, one),
            _ => return Ok(()),
        };
        let Some(account) = self.identity.account_of(op, person).await? else {
            return Ok(());
        };
        let (name, _) = self.about(op, &facts.register).await?;
        let message = Message::new(account, kind, link).with("register", name).once(once);
        self.notify.send(op, message).await.map(drop)
    }

    /// Those who measure for the owner are told once a day that something of theirs has become worse.
    async fn fell(&self, op: &mut Op, facts: &Facts) -> Result<()> {
        let Some(owner) = facts.owner else { return Ok(()) };
        let (name, _) = self.about(op, &facts.register).await?;
        let key = format!("registers:quality_fell:{}", local_date(op.now()));
        for account in self.officials(op, owner, "registry.measure").await? {
            let message = Message::new(account, "register_quality_fell", QUALITY).with("register", &name);
            self.notify.send(op, message.once(&key)).await?;
        }
        Ok(())
    }

    /// What a register is called, and the agency that answers for it today.
    async fn about(&self, op: &mut Op, register: &str) -> Result<(String, AgencyId)> {
        let published = self.registry.register(op, register).await?;
        let owner = self.identity.agency_in_charge(op, published.owner).await?.id;
        Ok((published.definition.words.vi.clone(), owner))
    }

    /// Everybody of an agency who may do this there.
    async fn officials(&self, op: &mut Op, agency: AgencyId, action: &str) -> Result<BTreeSet<AccountId>> {
        let mut found = BTreeSet::new();
        for role in self.identity.roles_with(action, op::Scope::Agency) {
            let officials = self.identity.officials(op, agency, Some(&role)).await?;
            found.extend(officials.into_iter().filter_map(|official| official.account));
        }
        Ok(found)
    }
}

fn own_account(op: &Op) -> Option<AccountId> {
    match op.actor() {
        Actor::Official(official) => Some(official.account),
        _ => None,
    }
}
