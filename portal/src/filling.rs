//! The pages on which a draft is filled in: the same questions and papers for a citizen and at the counter.

use kernel::DraftId;
use web::{Answer, Door, Fields, Routes, Upload, Visit};

use crate::{
    House, papers,
    questions::{self, Place},
};

/// Where a draft is filled in, and by whom.
#[derive(Clone, Copy)]
pub(crate) struct Filling {
    /// The address of all drafts; each has its own below it.
    pub(crate) path: &'static str,
    pub(crate) door: Door,
    /// The place of one draft.
    pub(crate) place: fn(DraftId) -> Place,
    /// The template of the last look at everything.
    pub(crate) check: &'static str,
}

impl Filling {
    pub(crate) fn routes(self) -> Routes<House> {
        let (door, at) = (self.door, |rest: &str| self.below(rest));
        Routes::new()
            .get(at(""), door, move |visit| self.go_on(visit))
            .get(at("/kiem-tra"), door, move |visit| self.check(visit))
            .get(at("/giay-to/{paper}"), door, move |visit| self.paper(visit))
            .upload(
                at("/giay-to/{paper}"),
                door,
                papers::MOST_BYTES,
                move |visit, upload| self.upload(visit, upload),
            )
            .post(at("/giay-to/{paper}/xoa"), door, move |visit, fields| {
                self.remove(visit, fields)
            })
            .get(at("/tep/{file}"), door, file)
            .get(at("/{page}"), door, move |visit| self.page(visit))
            .post(at("/{page}"), door, move |visit, fields| self.save(visit, fields))
    }

    /// Routes are made once and stay as long as the program.
    fn below(self, rest: &str) -> &'static str {
        format!("{}/{{draft}}{rest}", self.path).leak()
    }

    /// To the first page that is still to be answered.
    pub(crate) async fn go_on(self, visit: Visit<House>) -> Answer {
        let draft: DraftId = visit.parse_param("draft")?;
        let mut op = visit.op().await?;
        let view = visit.state.forms.draft(&mut op, draft).await?;
        let place = (self.place)(draft);
        let to = place.closed(&view).unwrap_or_else(|| place.next(&view));
        visit.redirect(to)
    }

    async fn page(self, visit: Visit<House>) -> Answer {
        let draft: DraftId = visit.parse_param("draft")?;
        questions::draw(&visit, draft, visit.param("page"), &(self.place)(draft)).await
    }

    async fn save(self, visit: Visit<House>, fields: Fields) -> Answer {
        let draft: DraftId = visit.parse_param("draft")?;
        questions::save(&visit, draft, visit.param("page"), &fields, &(self.place)(draft)).await
    }

    async fn paper(self, visit: Visit<House>) -> Answer {
        let draft: DraftId = visit.parse_param("draft")?;
        let mut op = visit.op().await?;
        let view = visit.state.forms.draft(&mut op, draft).await?;
        drop(op);
        let to = papers::address(&visit, &view, visit.param("paper"), &(self.place)(draft)).await?;
        visit.redirect(to)
    }

    async fn upload(self, visit: Visit<House>, upload: Upload) -> Answer {
        let draft: DraftId = visit.parse_param("draft")?;
        questions::upload(&visit, draft, visit.param("paper"), upload, &(self.place)(draft)).await
    }

    async fn remove(self, visit: Visit<House>, fields: Fields) -> Answer {
        let draft: DraftId = visit.parse_param("draft")?;
        questions::remove(&visit, draft, visit.param("paper"), &fields, &(self.place)(draft)).await
    }

    async fn check(self, visit: Visit<House>) -> Answer {
        let draft: DraftId = visit.parse_param("draft")?;
        let place = (self.place)(draft);
        let mut op = visit.op().await?;
        let view = visit.state.forms.draft(&mut op, draft).await?;
        drop(op);
        if let Some(elsewhere) = place.closed(&view) {
            return visit.redirect(elsewhere);
        }
        let content = questions::check_context(&visit, draft, &place, None).await?;
        visit.page(self.check, content).await
    }
}

async fn file(visit: Visit<House>) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    questions::download(&visit, draft, visit.parse_param("file")?).await
}
