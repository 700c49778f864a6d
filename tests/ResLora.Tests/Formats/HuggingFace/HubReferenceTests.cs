using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using Xunit;

namespace ResLora.Tests.Formats.HuggingFace;

public sealed class HubReferenceTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData("hub:org/name", "org/name", null, null)]
    [InlineData("org/name", "org/name", null, null)]
    [InlineData("hub:gpt2", "gpt2", null, null)]
    [InlineData("hub:gpt2@main/config.json", "gpt2", "main", "config.json")]
    [InlineData("hub:Qwen/Qwen2.5-0.5B@v1.0/sub/model.gguf", "Qwen/Qwen2.5-0.5B", "v1.0", "sub/model.gguf")]
    [InlineData("hub:org/name/a/b.parquet", "org/name", null, "a/b.parquet")]
    [InlineData("hub:org/name@refs/pr/12/a.json", "org/name", "refs/pr/12", "a.json")]
    [InlineData("hub:org/name@refs%2Fpr%2F12", "org/name", "refs/pr/12", null)]
    [InlineData("hub:org/name@feature%2Fone/a", "org/name", "feature/one", "a")]
    public void Parse_AName_FindsItsParts(string text, string repository, string? revision, string? path)
    {
        var reference = HubReference.Parse(text);

        Assert.Equal(new HubReference(repository, revision, path), reference);
        Assert.Equal(reference, HubReference.Parse(reference.ToString()));
    }

    [Theory]
    [InlineData("hub:", "is no name on a hub")]
    [InlineData("hub:/name", "is no name on a hub")]
    [InlineData("hub:org/name@", "is no name on a hub")]
    [InlineData("hub:../name", "has a repository that no hub has")]
    [InlineData("hub:org/na--me", "has a repository that no hub has")]
    [InlineData("hub:org/na me", "has a repository that no hub has")]
    [InlineData("hub:datasets/org/name", "leave that out")]
    [InlineData("hub:org/name@../main", "has a revision that leads out")]
    [InlineData("hub:org/name@%2E%2E%2Fmain", "has a revision that leads out")]
    [InlineData("hub:org/name/../../etc/passwd", "has a path that leads out")]
    [InlineData("hub:org/name/a\\b", "has a path that has a backslash")]
    public void Parse_WhatIsNoName_SaysWhy(string text, string reason)
    {
        var error = Assert.Throws<ConfigException>(() => HubReference.Parse(text));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, HubReference.Problem(text), StringComparison.Ordinal);
    }

    [Fact]
    public void IsPinned_OfAWholeCommitAlone_IsTrue()
    {
        Assert.True(new HubReference("org/name", Commit).IsPinned);
        Assert.False(new HubReference("org/name", Commit[..39]).IsPinned);
        Assert.False(new HubReference("org/name", "main").IsPinned);
        Assert.False(new HubReference("org/name").IsPinned);
    }

    [Theory]
    [InlineData("org/name", true)]
    [InlineData("name", false)]
    [InlineData("/home/me", false)]
    [InlineData("../name", false)]
    [InlineData("models/base", false)]
    public void IsRepository_OfAName_NeedsItsOrganization(string text, bool expected) =>
        Assert.Equal(expected, HubReference.IsRepository(text));
}
