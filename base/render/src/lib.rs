#![doc = include_str!("../README.md")]

// Reading order: the words (locale, texts), the page that frames them (page), the drawing (renderer with its
// functions and filters, assets, qr), then paper (document) and what can go wrong (fault).
mod assets;
pub mod document;
mod fault;
mod filters;
mod functions;
mod locale;
mod page;
pub mod qr;
mod renderer;
mod texts;

pub use assets::{AssetFile, AssetManifest, asset_file};
pub use document::{DocumentFault, Documents};
pub use fault::RenderFault;
pub use filters::{date_text, datetime_text, mask_text};
pub use locale::Locale;
pub use page::{Flash, FlashKind, PageFrame, PageUser, ProvinceFrame, UserKind};
pub use renderer::{Renderer, RendererBuilder, TextKey, embedded};
pub use texts::{Params, Texts};
