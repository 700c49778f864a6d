using System.Reflection;
using System.Text.RegularExpressions;
using ResLora.Adapters;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>The documents agree with the tree: links lead somewhere, and the code shown is code that compiles.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Links_OfAllDocuments_LeadToFilesAndHeadings()
    {
        var documents = Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Repository.Files(".md", "docs", "samples", "src", "tests", "bench"))
            .ToArray();

        var broken = documents.SelectMany(document => Links(document)
            .Where(link => !Resolves(document, link))
            .Select(link => $"{Repository.Relative(document)}: {link}"));

        Assert.Contains(Repository.PathOf("README.md"), documents);
        Assert.Empty(broken);
    }

    [Theory]
    [InlineData("README.md", "FineTune")]
    [InlineData("docs/packages.md", "FineTune")]
    [InlineData("docs/library.md", "FineTune", "Generate", "Observe", "MergeAndMeasure", "OwnNetwork", "RunSettings")]
    public void Document_BlocksOfCSharp_AreTheSamplesCode(string document, params string[] samples)
    {
        var regions = samples.Select(sample => Between(
            Repository.Text($"samples/csharp/{sample}/Program.cs"), "// docs: begin\n", "// docs: end\n").Trim());

        var blocks = CSharpBlock().Matches(Repository.Text(document)).Select(match => match.Groups["code"].Value.Trim());

        Assert.Equal(regions, blocks);
    }

    [Fact]
    public void Library_Samples_AreAllShown()
    {
        var samples = Directory.GetDirectories(Repository.PathOf("samples/csharp")).Select(folder => Path.GetFileName(folder)!);

        var shown = Repository.Text("docs/library.md");

        Assert.All(samples, sample => Assert.Contains(
            Between(Repository.Text($"samples/csharp/{sample}/Program.cs"), "// docs: begin\n", "// docs: end\n").Trim(), shown,
            StringComparison.Ordinal));
    }

    [Fact]
    public void Readme_YamlBlock_IsAConfiguration()
    {
        var yaml = Between(Repository.Text("README.md"), "```yaml\n", "```\n");

        var config = ConfigFile.Parse<RunConfig>(yaml, "README.md", Repository.Root);

        Assert.Empty(config.Problems());
        Assert.True(File.Exists(config.Data.Train), $"{config.Data.Train} is missing");
    }

    [Fact]
    public void Readme_TableOfCommands_HasEveryCommand()
    {
        const string suffix = "Command.cs";
        var commands = Repository.Files(suffix, "src/ResLora.Cli/Commands")
            .Select(file => Path.GetFileName(file)[..^suffix.Length].ToLowerInvariant())
            .Order(StringComparer.Ordinal);

        var rows = CommandRow().Matches(Repository.Text("README.md"))
            .Select(match => match.Groups["name"].Value)
            .Order(StringComparer.Ordinal);

        Assert.Equal(commands, rows);
    }

    [Fact]
    public void PaperMap_MethodsAndTests_Exist()
    {
        const BindingFlags everything = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var known = typeof(ResLoraMath).Assembly.GetTypes().Concat(typeof(DocumentationTests).Assembly.GetTypes())
            .SelectMany(type => type.GetMethods(everything).SelectMany(method => new[] { method.Name, $"{type.Name}.{method.Name}" }))
            .ToHashSet(StringComparer.Ordinal);

        var unknown = MethodName().Matches(Repository.Text("docs/paper-map.md"))
            .Select(match => match.Groups["name"].Value)
            .Where(name => !known.Contains(name));

        Assert.Empty(unknown);
    }

    private static IEnumerable<string> Links(string document) =>
        Link().Matches(CodeBlock().Replace(File.ReadAllText(document), ""))
            .Select(match => match.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal));

    private static bool Resolves(string document, string link)
    {
        var parts = link.Split('#', 2);
        var path = parts[0].Length == 0 ? document : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, parts[0]));
        return Path.Exists(path)
            && (parts.Length == 1 || (path.EndsWith(".md", StringComparison.Ordinal) && Anchors(path).Contains(parts[1])));
    }

    /// <summary>Headings as links name them: lower case, blanks as hyphens, without punctuation.</summary>
    private static IEnumerable<string> Anchors(string document) =>
        Heading().Matches(CodeBlock().Replace(File.ReadAllText(document), ""))
            .Select(match => Punctuation().Replace(match.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static string Between(string text, string begin, string end)
    {
        var start = text.IndexOf(begin, StringComparison.Ordinal);
        Assert.True(start >= 0, $"there is no '{begin.Trim()}'");
        start += begin.Length;
        return text[start..text.IndexOf(end, start, StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6}\s+(?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex("^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    /// <summary>A row of the table of commands, which begins with the command in back quotes.</summary>
    [GeneratedRegex(@"^\| `(?<name>[a-z]+)` \|", RegexOptions.Multiline)]
    private static partial Regex CommandRow();

    /// <summary>A method with its type, or a test's name, in back quotes.</summary>
    [GeneratedRegex(@"`(?<name>[A-Z]\w*\.[A-Z]\w*|[A-Z][A-Za-z0-9]*_\w+)`")]
    private static partial Regex MethodName();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
