using System.IO.Compression;
using System.Xml.Linq;
using ResLora.EndToEnd.Tests.Support;
using ResLora.Tests.Hub;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>What <c>dotnet pack</c> makes, installed and used as a newcomer would: from a folder, with nothing of this repository.</summary>
public sealed class PackageTests(PackageTests.Feed feed) : IClassFixture<PackageTests.Feed>
{
    private static readonly string[] _libraries =
    [
        .. Directory.GetDirectories(Path.Combine(Repository.Root, "src"))
            .Select(folder => Path.GetFileName(folder)!)
            .Where(name => name != "ResLora.Cli"),
    ];

    [Fact]
    public void Package_OfEachLibrary_HasDocumentationReadmeLicenceAndSymbols()
    {
        Assert.All(_libraries, name =>
        {
            var (package, symbols) = (feed.Open(name, "nupkg"), feed.Open(name, "snupkg"));
            var parts = package.Entries.Select(entry => entry.FullName).ToArray();
            Assert.Superset(
                new HashSet<string>([$"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml", "README.md", "LICENSE"]), parts.ToHashSet());
            Assert.Contains(symbols.Entries, entry => entry.FullName == $"lib/net10.0/{name}.pdb");
            Assert.Equal("MIT", Metadata(package, "license"));
            Assert.NotEqual("Package Description", Metadata(package, "description"));
        });
    }

    [Fact]
    public void Tool_InstalledFromTheFolder_RunsTheQuickstartAndTunesAModelFromAHub()
    {
        using var folder = feed.Clean();
        using var server = new HubServer();
        server.Add("org/base").WithFolder(Repository.SampleModel);
        KeyValuePair<string, string?>[] hub =
            [new("HF_ENDPOINT", server.Address.ToString()), new("HF_HOME", folder["hub"]), new("HF_TOKEN", null)];
        KeyValuePair<string, string?>[] offline = [.. hub, new("HF_HUB_OFFLINE", "1")];

        Feed.Dotnet(folder, "tool", "install", "ResLora.Cli", "--tool-path", folder["tools"], "--version", feed.Version).Expect(0);
        var tool = Path.Combine(folder["tools"], OperatingSystem.IsWindows() ? "reslora.exe" : "reslora");
        var result = Command.Run(folder.Path, [], tool, "quickstart", "--steps", "20", "--held-out", "8").Expect(0);
        File.Copy(Path.Combine(Repository.Root, "samples", "word-problems", "data", "heldout.jsonl"), folder["mine.jsonl"]);
        Command.Run(folder.Path, hub, tool, "pull", "org/base").Expect(0);
        Command.Run(
            folder.Path, offline, tool, "train", "--model", "hub:org/base", "--data", "mine.jsonl", "--set",
            "training.steps=2", "--output", "runs/mine").Expect(0);
        Command.Run(
            folder.Path, offline, tool, "merge", "--adapter", "runs/mine/last", "--as", "model", "--output", "merged").Expect(0);

        Assert.True(File.Exists(folder["merged/model.safetensors"]));
        Assert.Contains("ResLoRA merged", result.Output, StringComparison.Ordinal);
        Assert.Contains("  reslora generate --model ", result.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["runs/quickstart/reslora-peft/adapter_config.json"]));
    }

    [Fact]
    public void Library_ReferencedFromTheFolder_RunsTheProgramOfTheReadme()
    {
        using var folder = feed.Clean();
        Directory.CreateSymbolicLink(folder["samples"], Path.Combine(Repository.Root, "samples"));
        var torch = OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";

        Feed.Dotnet(folder, "new", "console", "-o", "my-app").Expect(0);
        Feed.Dotnet(folder, "add", "my-app", "package", "ResLora.Training", "--version", feed.Version).Expect(0);
        File.Copy(
            Path.Combine(Repository.Root, "samples", "csharp", "FineTune", "Program.cs"), folder["my-app/Program.cs"], overwrite: true);
        var without = Feed.Dotnet(folder, "run", "--project", "my-app");
        Feed.Dotnet(folder, "add", "my-app", "package", $"libtorch-cpu-{torch}", "--version", TorchVersion()).Expect(0);
        var result = Feed.Dotnet(folder, "run", "--project", "my-app").Expect(0);

        Assert.True(
            !OperatingSystem.IsLinux() || without.Error.Contains("There is no libtorch beside this program", StringComparison.Ordinal),
            without.Error);
        Assert.Matches(@"60 steps, last loss 0\.[0-3]\d\d; the adapter is in runs/fine-tune/lora", result.Output);
        Assert.True(File.Exists(folder["runs/fine-tune/lora/adapter_model.safetensors"]));
    }

    private static string Metadata(ZipArchive package, string name)
    {
        using var stream = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream).Descendants().First(element => element.Name.LocalName == name).Value;
    }

    private static string TorchVersion() =>
        XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("LibTorchVersion").Single().Value;

    /// <summary>All packages, made once, of a version that nobody has: an older one in the user's cache would be taken for it.</summary>
    public sealed class Feed : IDisposable
    {
        private static readonly KeyValuePair<string, string?>[] _environment =
        [
            new("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), new("DOTNET_NOLOGO", "1"), new("MSBUILDDISABLENODEREUSE", "1"),
            new("UseSharedCompilation", "false"), new("MSBUILD_EXE_PATH", null), new("MSBuildSDKsPath", null),
        ];

        private readonly TemporaryFolder _folder = new();
        private readonly List<ZipArchive> _open = [];
        private readonly bool _isOffline;

        public Feed()
        {
            Version = $"0.0.1-test{DateTime.UtcNow.Ticks}";
            var packed = Command.Run(
                Repository.Root, _environment, "dotnet", "pack", "-c", Repository.Configuration, "-o", _folder["packages"],
                $"-p:PackageVersion={Version}", "-v", "quiet");
            _isOffline = packed.Output.Contains("NU1301", StringComparison.Ordinal);
            _ = _isOffline ? packed : packed.Expect(0);
        }

        /// <summary>The packages' version.</summary>
        public string Version { get; }

        /// <summary>Opens a package to look into.</summary>
        /// <param name="name">Its name.</param>
        /// <param name="kind">nupkg, or snupkg.</param>
        public ZipArchive Open(string name, string kind)
        {
            SkipOffline();
            _open.Add(ZipFile.OpenRead(Path.Combine(_folder["packages"], $"{name}.{Version}.{kind}")));
            return _open[^1];
        }

        /// <summary>A folder whose programs find our packages in the feed, and all others where they always are.</summary>
        internal TemporaryFolder Clean()
        {
            SkipOffline();
            var folder = new TemporaryFolder();
            File.WriteAllText(folder["nuget.config"], $"""
                <configuration>
                  <config><add key="globalPackagesFolder" value="{folder["cache"]}" /></config>
                  <fallbackPackageFolders><add key="user" value="{UsersPackages()}" /></fallbackPackageFolders>
                  <packageSources><add key="reslora" value="{_folder["packages"]}" /></packageSources>
                </configuration>
                """);
            return folder;
        }

        /// <summary>Runs dotnet in a folder.</summary>
        /// <param name="folder">The folder.</param>
        /// <param name="arguments">The arguments.</param>
        internal static ToolResult Dotnet(TemporaryFolder folder, params string[] arguments) =>
            Command.Run(folder.Path, _environment, "dotnet", arguments);

        public void Dispose()
        {
            foreach (var package in _open)
            {
                package.Dispose();
            }

            _folder.Dispose();
        }

        private void SkipOffline() =>
            Assert.SkipWhen(_isOffline, "the compiler that packing needs is not on this machine, and cannot be downloaded");

        private static string UsersPackages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
    }
}
