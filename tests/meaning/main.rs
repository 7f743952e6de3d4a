//! The numbered rules of the language, each held by tests that name its number: given a plan and
//! what happened, when someone acts or time passes, then this and nothing else follows.
//!
//! Only the public face of the engine is used, in virtual time. A failing test prints the story of
//! its incident.

mod act;
mod attention;
mod case;
mod children;
mod people;
mod plan;
mod story;

mod clocks;
mod conditions;
mod hand_off;
mod household;
mod notices;
mod rollback;
mod rule_01_entering;
mod rule_02_ready;
mod rule_03_leaving;
mod rule_04_failure;
mod rule_05_go;
mod rule_06_repeat;
mod rule_07_handlers;
mod rule_08_close;
mod rule_09_levels;
mod rule_10_roles;
mod rule_11_backward;
mod rule_11_deadlines;
mod rule_12_two_times;
mod rule_13_ladders;
mod rule_14_bounds;
mod rule_15_gate;
mod steps;
