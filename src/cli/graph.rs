//! `firebell graph`: a plan as a picture, or as text that other tools draw. Works without a server.

use super::args::{Common, Graph as Args, GraphFormat, Output};
use super::exit::Stop;
use super::plan;
use super::screen::Screen;
use crate::picture::Graph;

/// Draws a plan.
///
/// # Errors
/// No such plan, or one with errors.
pub fn run(args: &Args, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let (playbook, config) = plan::find(&args.playbook, common, screen)?;
    let graph = Graph::with(&playbook, screen.lang, &config.directory());
    if screen.output == Output::Json {
        return screen.data(&graph, |_| String::new());
    }
    let drawn = match args.format {
        GraphFormat::Mermaid => graph.to_mermaid(),
        GraphFormat::Dot => graph.to_dot(),
        GraphFormat::Svg => graph.to_svg(),
    };
    screen.raw(drawn.trim_end_matches('\n'))
}
