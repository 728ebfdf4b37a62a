//! Serving until told to stop.

use std::{net::SocketAddr, path::PathBuf, time::Instant};

use anyhow::Result;
use axum::{
    Json, Router,
    body::Body,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use compose::apps::App;
use db::{Database, Source};
use identity::{SecondFactorRule, StepUpRule};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use portal::House;
use render::{Locale, Texts};
use serde_json::json;
use sqlx::PgPool;
use tokio::{net::TcpListener, sync::watch};
use tower_http::compression::CompressionLayer;

use crate::{
    background::Background,
    generate,
    house::{self, Program},
    listen::{self, Times},
    secrets,
    signals::Signals,
};

/// How `serve` was called.
pub(crate) struct Settings {
    pub(crate) source: Source,
    pub(crate) data: PathBuf,
    pub(crate) apps: Vec<App>,
    /// The folder of their declarations, where they are not those of this program.
    pub(crate) apps_folder: Option<PathBuf>,
    pub(crate) listen: SocketAddr,
    pub(crate) demo: bool,
    pub(crate) https: bool,
    pub(crate) behind_gateway: bool,
    /// The gateway says with which certificates applications come.
    pub(crate) client_certificates: bool,
    pub(crate) worker: bool,
    /// Who needs a second factor.
    pub(crate) second_factor: SecondFactorRule,
    /// Whether acts that weigh ask anew who is there.
    pub(crate) step_up: StepUpRule,
    /// The declaration of other providers of identity.
    pub(crate) federation: Option<PathBuf>,
    /// Whether a demonstration gets past dossiers.
    pub(crate) history: bool,
    /// The address that papers and codes name; the one that is listened to if not given.
    pub(crate) public_address: Option<String>,
}

/// Tells the person at the terminal how far it is.
pub(crate) struct Teller<'a> {
    pub(crate) texts: &'a Texts,
    pub(crate) started: Instant,
}

impl Teller<'_> {
    pub(crate) fn say(&self, key: &str, params: &[(&str, String)]) {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        self.tell(&self.texts.get(Locale::Vi, &format!("cli.{key}"), &params));
    }

    fn tell(&self, line: &str) {
        eprintln!("[{:>5.1} s] {line}", self.started.elapsed().as_secs_f32());
    }
}

/// Starts everything, tells on standard output when it is ready, and ends in order on SIGINT or SIGTERM; during the start too.
pub(crate) async fn serve(texts: &Texts, settings: Settings) -> Result<()> {
    let teller = Teller {
        texts,
        started: Instant::now(),
    };
    std::fs::create_dir_all(&settings.data)?;
    let listener = TcpListener::bind(settings.listen).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let signals = Signals::listen()?;
    let Some(started) = signals.unless_stopped(start(&teller, &settings, &address)).await else {
        teller.say("stopping", &[]);
        return Ok(());
    };
    let (database, program) = started?;
    let house = program.house(&settings.data, settings.demo, settings.https, settings.behind_gateway)?;
    let figures = PrometheusBuilder::new().install_recorder()?;
    let mut background = Background::new(signals.stop());
    background.keep_calendar(&program);
    background.keep_name(&program, house.site.clone());
    background.keep_up(figures.clone(), house.site.clone(), database.pool().clone());
    let history = settings.demo && settings.history;
    let (past_is_there, past_there) = watch::channel(!history);
    if settings.worker {
        background.work(&program, past_there);
    }
    let router = router(house, database.pool().clone(), figures);
    println!(
        "{}",
        json!({ "address": address, "version": env!("CARGO_PKG_VERSION"), "data": settings.data })
    );
    teller.say("ready", &[("address", address)]);
    if history {
        background.write_past(
            &program,
            (texts.clone(), teller.started),
            generate::sources(settings.apps_folder.as_deref())?,
            past_is_there,
        )?;
    }
    let work = async {
        listen::serve(listener, router, Times::default(), signals.stop()).await;
        teller.say("stopping", &[]);
        background.ended().await;
        database.pool().close().await;
    };
    if !signals.in_order(work).await {
        teller.say("cut_short", &[]);
    }
    Ok(())
}

/// The database as this version wants it, with the province and the systems in force.
async fn start(teller: &Teller<'_>, settings: &Settings, address: &str) -> Result<(Database, Program)> {
    teller.say("starting.database", &[]);
    let database = Database::open(&settings.source, house::CONNECTIONS).await?;
    let applied = db::migrate(database.pool(), &house::migrations()).await?;
    if !applied.is_empty() {
        teller.say("starting.migrated", &[("count", applied.len().to_string())]);
    }
    if settings.public_address.is_none() && !(settings.demo && settings.listen.ip().is_loopback()) {
        teller.say("starting.no_public_address", &[("address", address.to_owned())]);
    }
    let public_address = settings.public_address.as_deref().unwrap_or(address);
    let program = Program::new(
        &database,
        &settings.data,
        settings.apps.clone(),
        public_address,
        &house::Rules {
            second_factor: settings.second_factor,
            step_up: settings.step_up,
            federation: settings.federation.clone(),
            demo: settings.demo,
            client_certificates: settings.client_certificates,
        },
    )
    .await?;
    let identity = &program.engines.identity;
    let progress = |number: usize, of: usize, step: &str| {
        teller.say(
            &format!("starting.load.{step}"),
            &[("number", number.to_string()), ("of", of.to_string())],
        );
    };
    compose::province::load(&program.ops, identity, settings.demo, &progress).await?;
    program.settle().await?;
    let (_, registers) = program.publish().await?;
    for line in crate::apps::tell(teller.texts, &registers) {
        teller.tell(&line);
    }
    if settings.demo {
        let names = compose::province::demo_names()?;
        let passwords = secrets::passwords(&settings.data, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let password = |name: &str| passwords.get(name).cloned().unwrap_or_default();
        let accounts = compose::province::demo_accounts(&program.ops, identity, &password).await?;
        secrets::keep_accounts(&settings.data, &accounts)?;
        teller.say("starting.accounts", &[]);
        for account in &accounts {
            eprintln!(
                "  {:<12} {:<20} {}  {}",
                account.role, account.name, account.password, account.agency
            );
        }
    }
    Ok((database, program))
}

/// Only works off jobs. The tables and the systems in force are those of the process that serves.
pub(crate) async fn work(
    database: &Database,
    data: &std::path::Path,
    apps: Vec<App>,
    public_address: &str,
) -> Result<()> {
    let signals = Signals::listen()?;
    // Nobody signs in to a worker.
    let program = Program::new(database, data, apps, public_address, &house::Rules::default()).await?;
    let Some(settled) = signals.unless_stopped(program.settle()).await else {
        return Ok(());
    };
    settled?;
    let mut background = Background::new(signals.stop());
    background.keep_calendar(&program);
    let (_past, past_there) = watch::channel(true);
    background.work(&program, past_there);
    signals.in_order(background.ended()).await;
    Ok(())
}

fn router(house: House, pool: PgPool, figures: PrometheusHandle) -> Router {
    let routes = portal::routes();
    let described = web::openapi(&routes, "Ngã Bảy", env!("CARGO_PKG_VERSION"));
    // These cost the database or the processor something: an address may ask for them as often as for pages, no more.
    let watched = Router::new()
        .route("/readyz", get(move || ready(pool.clone())))
        .route(
            "/metrics",
            get(async move || figures.render()).layer(middleware::from_fn(web::local_only)),
        )
        .route("/api/openapi.json", get(async move || Json(described.clone())))
        .route("/healthz", get(async || "ok"))
        .layer(middleware::from_fn_with_state(house.site.clone(), web::guarded));
    routes
        .into_router(house)
        .merge(watched)
        .route("/assets/{name}", get(async |Path(name): Path<String>| asset(&name)))
        .route("/sw.js", get(async || asset("sw.js")))
        .layer(CompressionLayer::new())
}

/// Whether this process can serve people now.
async fn ready(pool: PgPool) -> Response {
    if db::answers(&pool).await {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "waiting for the database").into_response()
    }
}

fn asset(name: &str) -> Response {
    let Some(file) = render::asset_file(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if file.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = Response::new(Body::from(file.bytes.into_owned()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
