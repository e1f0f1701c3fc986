"""What an installation consists of: the program, its manual pages and completions, and what tells where files are."""
import gzip
import json
import os
import shutil
import subprocess

import winnow
from winnow import TestCase


class Install(TestCase):
    def test_every_command_has_a_manual_page_that_man_accepts(self):
        self.winnow("help", "--manual", "man")
        commands = [command["name"] for command in json.loads(self.winnow("help", "--json")[0])["commands"]]
        expected = {"winnow.1"} | {f"winnow-{name.replace(' ', '-')}.1" for name in commands}
        self.assertEqual(set(os.listdir(self.path("man"))), expected)
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        for page in expected:
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", self.path("man", page)], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0)
            warnings = [line for line in done.stderr.splitlines() if "cannot adjust line" not in line and "can't break line" not in line]
            self.assertEqual(warnings, [], page)

    def complete(self, *words):
        script = self.write("winnow.bash", self.winnow("help", "--completion", "bash")[0])
        shell = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _winnow; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", shell, "bash", "winnow", *words], capture_output=True, text=True, check=True, cwd=self.directory)
        self.assertEqual(done.stderr, "")
        return [line for line in done.stdout.splitlines() if line]

    def test_bash_completes_commands_options_values_and_files(self):
        self.assertIn("train", self.complete("tr"))
        self.assertEqual(self.complete("keys", "re"), ["revoke"])
        self.assertIn("--epochs", self.complete("train", "--ep"))
        self.assertIn("--no-keep-data", self.complete("train", "--no-k"))
        self.assertEqual(sorted(self.complete("train", "--kind", "")), sorted(["transformer", "lr", "svm"]))
        self.assertEqual(self.complete("train", "--epochs", ""), [])
        self.write("texts.csv", "")
        self.assertIn("texts.csv", self.complete("data", "inspect", "te"))
        self.assertIn("--store", self.complete("feedback", "add", "--st"))
        # Names with spaces, values behind an =, of which bash makes a word, and values that may be a word or a file.
        self.write("two words.csv", "")
        self.assertEqual(self.complete("data", "inspect", "two"), ["two words.csv"])
        self.assertEqual(self.complete("train", "--kind", "=", "l"), ["lr"])
        self.assertEqual(len(self.complete("train", "--kind", "=")), 3)
        os.makedirs(self.path("scratched"))
        self.assertEqual(sorted(self.complete("train", "--base-model", "scr")), ["scratch", "scratched"])
        self.assertEqual(self.complete("train", "--freeze", "e"), ["encoder", "embeddings"])
        for option in ("--public-key", "--store", "--registry"):
            self.assertEqual(self.complete("serve", option, "tex"), ["texts.csv"], option)

    def test_completions_of_other_shells_name_every_command(self):
        for shell, begin in (("zsh", "#compdef winnow"), ("fish", "# Completion")):
            text = self.winnow("help", "--completion", shell)[0]
            self.assertTrue(text.startswith(begin))
            for command in json.loads(self.winnow("help", "--json")[0])["commands"]:
                self.assertIn(command["name"].split(" ")[-1], text)
            if shutil.which(shell) is not None:
                subprocess.run([shell, "-n", self.write(f"completion.{shell}", text)], check=True)

    def test_fish_completes_commands_options_and_values(self):
        if shutil.which("fish") is None:
            self.skipTest("fish is not installed")
        script = self.write("winnow.fish", self.winnow("help", "--completion", "fish")[0])

        def complete(line):
            done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], capture_output=True, text=True, check=True, cwd=self.directory)
            self.assertEqual(done.stderr, "")
            return [each.split("\t")[0] for each in done.stdout.splitlines()]

        self.assertEqual(complete("winnow trai"), ["train"])
        self.assertEqual(complete("winnow keys re"), ["revoke"])
        self.assertEqual(complete("winnow train --kin"), ["--kind"])
        self.assertEqual(sorted(complete("winnow train --kind ")), ["lr", "svm", "transformer"])
        self.write("texts.csv", "")
        self.assertIn("texts.csv", complete("winnow serve --store te"))

    def test_zsh_completes_at_the_first_time(self):
        if shutil.which("zsh") is None:
            self.skipTest("zsh is not installed")
        self.write("_winnow", self.winnow("help", "--completion", "zsh")[0])
        # A terminal, in which somebody presses the key for the first time.
        script = self.write("type.zsh", r"""
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "fpath=($PWD \$fpath); autoload -U compinit; compinit -u -D; bindkey -e; print be''gin"
            zpty -r shell seen '*begin*'
            zpty -w -n shell $'winnow trai\t'
            zpty -r shell seen '*winnow train*'
            zpty -w -n shell $'\x15winnow train --kind l\t'
            zpty -r shell seen '*lr*'
            print completed
        """)
        done = subprocess.run(["zsh", "-f", script], capture_output=True, text=True, check=True, cwd=self.directory, timeout=300)
        self.assertEqual(done.stdout, "completed\n")

    def test_installing_puts_files_where_debian_and_shells_look_for_them(self):
        build = os.path.dirname(os.path.abspath(self.program))
        if not os.path.exists(os.path.join(build, "cmake_install.cmake")):
            self.skipTest(f"{build} is not a build folder")
        subprocess.run(["cmake", "--install", build, "--prefix", self.path("usr")], check=True, capture_output=True)
        train = self.path("usr", "share", "man", "man1", "winnow-train.1.gz")
        with gzip.open(train, "rt", encoding="utf-8") as page:
            self.assertIn(".TH WINNOW\\-TRAIN 1", page.read())
        for file in ("bash-completion/completions/winnow", "zsh/vendor-completions/_winnow", "fish/vendor_completions.d/winnow.fish",
                     "winnow/presets/sms-spam.toml"):
            self.assertTrue(os.path.getsize(self.path("usr", "share", file)) > 0, file)
        # The installed program finds the files of its installation, wherever that lies.
        out, _ = self.winnow("paths", "--json", program=self.path("usr", "bin", "winnow"))
        presets = next(place["path"] for place in json.loads(out)["paths"] if place["name"] == "presets")
        self.assertEqual(os.path.realpath(presets), os.path.realpath(self.path("usr", "share", "winnow", "presets")))

    def test_paths_follow_the_environment_and_say_why(self):
        def paths(**environment):
            out, _ = self.winnow("paths", "--json", environment=environment)
            return {place["name"]: place for place in json.loads(out)["paths"]}
        home = paths(HOME="/home/anna", XDG_CACHE_HOME="", HF_HOME="", HF_HUB_CACHE="", STATE_DIRECTORY="")
        self.assertEqual(home["base-models"]["path"], "/home/anna/.cache/huggingface/hub")
        self.assertEqual(home["registry-cache"]["path"], "/home/anna/.cache/winnow/registry")
        service = paths(HF_HOME="/srv/models", STATE_DIRECTORY="/var/lib/winnow")
        self.assertEqual(service["base-models"]["path"], "/srv/models/hub")
        self.assertEqual(service["base-models"]["reason"], "HF_HOME is set")
        self.assertEqual(service["registry-cache"]["path"], "/var/lib/winnow/registry")
        self.assertFalse(service["base-models"]["exists"])
        self.assertIn("STATE_DIRECTORY is set", self.winnow("paths", environment={"STATE_DIRECTORY": "/var/lib/winnow"})[0])

    def test_a_configuration_is_checked_without_running_the_command(self):
        config = self.write("serve.toml", 'port = 8123\nredis = "redis://user:secret@cache/0"\n')
        checked = json.loads(self.winnow("config", "check", config, "--for", "serve", "--json", environment={"WINNOW_CACHE_MB": "16"})[0])
        values = {option["name"]: option for option in checked["options"]}
        self.assertEqual(values["port"]["values"], ["8123"])
        self.assertEqual(values["cache-mb"], {"name": "cache-mb", "values": ["16"], "from": "WINNOW_CACHE_MB"})
        self.assertEqual(values["redis"]["values"], ["redis://user:***@cache/0"])
        secrets = self.write("secrets.toml", 'filter = true\nspool = "spool"\nredis = "redis://:s3c@ret@cache/0"\n'
                             'store = "postgresql://winnow@db/winnow?sslmode=verify-full&password=s3cret&ssl%70assword=s3cret&connect_timeout=3"\n')
        checked = json.loads(self.winnow("config", "check", secrets, "--for", "serve", "--json")[0])
        values = {option["name"]: option["values"] for option in checked["options"]}
        self.assertEqual(values["redis"], ["redis://:***@cache/0"])
        self.assertEqual(values["store"], ["postgresql://winnow@db/winnow?sslmode=verify-full&password=***&ssl%70assword=***&connect_timeout=3"])
        out, _ = self.winnow("config", "check", self.write("train.toml", "epochs = 2\n"), "--for", "train")
        self.assertIn("is valid for 'winnow train'", out)
        self.fails("config", "check", self.write("bad.toml", "\nprot = 1\n"), "--for", "serve", code=2, says=["line 2", "prot", "port"])
        self.fails("config", "check", self.write("range.toml", "port = 99999999\n"), "--for", "serve", code=2, says=["line 1", "port"])
        for wrong, says in (("filter = true\nstore = 'postgresql://winnow@db/winnow'\n", "requires --spool DIR"), ("tls-cert = 'c.pem'\n", "--tls-key"),
                            ("access-log-texts = true\n", "--access-log-texts requires --access-log"), ("registry = 'r'\nalias = ['a=b:1.0.0']\n", "--alias cannot")):
            self.fails("config", "check", self.write("together.toml", wrong), "--for", "serve", code=2, says=["together.toml", says])
        self.winnow("config", "check", self.write("files.toml", "redis = 'redis://r'\nredis-mac-key-file = 'not-here'\ntls-cert = 'c.pem'\ntls-key = 'k.pem'\n"), "--for", "serve")
        self.fails("config", "check", config, "--for", "serv", code=2, says=["unknown command 'serv'", "serve"])

    def test_the_version_says_what_this_machine_can_do(self):
        version = json.loads(self.winnow("version", "--json")[0])
        self.assertRegex(version["version"], r"^\d+\.\d+\.\d+$")
        self.assertIn(version["isa"], version["supported_isas"])
        portable = json.loads(self.winnow("version", "--json", environment={"WINNOW_ISA": "portable"})[0])
        self.assertEqual(portable["isa"], "portable")


if __name__ == "__main__":
    winnow.main()
