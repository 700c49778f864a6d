using System.Text.RegularExpressions;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>The documents agree with the tree: links lead somewhere, and the code shown is code that compiles.</summary>
public sealed partial class DocumentationTests
{
    private const string Sample = "samples/csharp/FineTune/Program.cs";

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

    [Fact]
    public void Readme_CSharpBlock_IsTheSamplesCode()
    {
        var region = Between(Repository.Text(Sample), "// README: begin\n", "// README: end\n").Trim();

        var block = Between(Repository.Text("README.md"), "```csharp\n", "```\n").Trim();

        Assert.Equal(Usings(Repository.Text(Sample)) + "\n\n" + region, block);
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

    private static string Usings(string source) =>
        string.Join('\n', source.Split('\n').Where(line => line.StartsWith("using ResLora", StringComparison.Ordinal)));

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

    [GeneratedRegex("^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
