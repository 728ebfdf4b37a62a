//! What anybody may ask.

use kernel::Result;
use web::{Doc, Door, Routes, Site, Visit};

use super::engine;
use crate::Dossiers;
use crate::views::{PublicTrack, VerifiedDocument};

const TAG: &str = "tracking";

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/tracking/{code}",
            Door::Public,
            Doc::new(
                "trackDossier",
                TAG,
                "Where a dossier stands, by its code: no names, no contents.",
            ),
            track,
        )
        .api_get(
            "/api/v1/documents/{code}",
            Door::Public,
            Doc::new(
                "verifyDocument",
                TAG,
                "Checks a document by its verification code of 20 characters.",
            ),
            verify,
        )
}

async fn track<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<PublicTrack> {
    let mut op = visit.look().await?;
    engine(&visit).track(&mut op, visit.param("code")).await
}

async fn verify<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<VerifiedDocument> {
    let mut op = visit.look().await?;
    engine(&visit).verify(&mut op, visit.param("code")).await
}
