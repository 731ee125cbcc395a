"""Hooks of each language whose toolchain is on this machine, installed for real (make campaign)."""

import os

import pytest

from tests.support import hookrepos
from tests.support.hookrepos import NO_NETWORK, configure, entry, offer, setup, yaml
from tests.support.repo import text

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(600)]

GO = """\
package main
import ("fmt"; "os")
func main() { fmt.Println("hello from go with", len(os.Args)-1); if len(os.Args) > 2 { os.Exit(1) } }
"""
RUST = """\
fn main() { let n = std::env::args().count() - 1; println!("hello from rust with {n}");
    if n > 1 { std::process::exit(1) } }
"""
CARGO = '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n'
GEMSPEC = """\
Gem::Specification.new do |s|
  s.name = "hello"; s.version = "0.1.0"; s.summary = "hello"; s.authors = ["a"]
  s.files = ["bin/hello"]; s.executables = ["hello"]
end
"""
RUBY = '#!/usr/bin/env ruby\nputs "hello from ruby with #{ARGV.length}"\nexit 1 if ARGV.length > 1\n'
MAKEFILE_PL = """\
use ExtUtils::MakeMaker;
WriteMakefile(NAME => "Hello", VERSION => "0.1", EXE_FILES => ["hello"],
              PM => {"Hello.pm" => '$(INST_LIBDIR)/Hello.pm'});
"""
PERL = '#!/usr/bin/env perl\nuse Hello;\nprint "hello from perl with ", scalar(@ARGV), "\\n";\nexit(@ARGV > 1);\n'
ROCKSPEC = """\
package = "hello"
version = "dev-1"
source = { url = "git+file:///nowhere" }
build = { type = "builtin", modules = { hello = "hello.lua" }, install = { bin = { hello = "run.lua" } } }
"""
LUA = 'require("hello")\nprint("hello from lua with " .. #arg)\nos.exit(#arg > 1 and 1 or 0)\n'

HOOKS = {
    "golang": ("go", {"go.mod": "module example.com/hello\n", "main.go": GO}),
    "rust": ("cargo", {"Cargo.toml": CARGO, "src/main.rs": RUST}),
    "ruby": ("gem", {"hello.gemspec": GEMSPEC, "bin/hello": RUBY}),
    "perl": ("cpan", {"Makefile.PL": MAKEFILE_PL, "hello": PERL, "Hello.pm": "package Hello;\n1;\n"}),
    "lua": ("luarocks", {"hello-dev-1.rockspec": ROCKSPEC, "hello.lua": "return {}\n", "run.lua": LUA}),
}


@pytest.mark.parametrize("language", HOOKS)
def test_hook_is_installed_for_real_and_then_runs_without_a_network(repo, make_repo, language):
    program, files = HOOKS[language]
    if hookrepos.tool(program) is None:
        pytest.skip(f"needs {program}")
    setup(repo)
    repo.env["RUSTUP_HOME"] = hookrepos.rustup_home()
    repo.env["PATH"] = ":".join([*repo.env["PATH"].split(":"), *hookrepos.folder_of(program)])
    hooks = offer(make_repo, f"{language}-hooks", files, entry("hello", language, "hello"))
    configure(repo, yaml(hooks, "hello"))
    repo.write("a.txt", "one\n")
    done = repo.gitseq("run", "-v", "--files", "a.txt", timeout=500)
    assert done.returncode == 0, text(done)
    spoken = {"golang": "go"}.get(language, language)
    assert f"hello from {spoken} with 1".encode() in done.stdout
    again = repo.gitseq("run", "--files", "a.txt", "README.md", env=NO_NETWORK)
    assert again.returncode == 1, text(again)
    assert b"nstalling" not in again.stdout
    assert f"hello from {spoken} with 2".encode() in again.stdout


def test_python_hook_is_installed_by_uv_where_it_is_found(repo, make_repo, tmp_path):
    uv = hookrepos.tool("uv")
    if uv is None:
        pytest.skip("needs uv")
    setup(repo)
    repo.env["PATH"] = f"{repo.env['PATH']}:{os.path.dirname(uv)}"
    configure(repo, yaml(hookrepos.python_hooks(make_repo, tmp_path / "built"), "count-lines"))
    done = repo.gitseq("run", "--all-files", "-v", timeout=300)
    assert done.returncode == 0, text(done)
    (folder,) = hookrepos.stored(repo, "environments")
    assert b"uv = " in (folder / "env" / "pyvenv.cfg").read_bytes()
