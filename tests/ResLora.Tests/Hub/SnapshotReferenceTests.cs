using ResLora.Hub;
using Xunit;

namespace ResLora.Tests.Hub;

public sealed class SnapshotReferenceTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData($"/cache/models--org--name/snapshots/{Commit}", HubKind.Model, $"hub:org/name@{Commit}")]
    [InlineData($"/cache/models--org--name/snapshots/{Commit}/", HubKind.Model, $"hub:org/name@{Commit}")]
    [InlineData($"/cache/models--gpt2/snapshots/{Commit}/a/b.gguf", HubKind.Model, $"hub:gpt2@{Commit}/a/b.gguf")]
    [InlineData($"/cache/datasets--org--rows/snapshots/{Commit}/train.jsonl", HubKind.Dataset, $"hub:org/rows@{Commit}/train.jsonl")]
    public void Of_APathInACache_IsItsName(string path, HubKind kind, string expected)
    {
        var found = SnapshotReference.Of(path);

        Assert.Equal(kind, found!.Value.Repository.Kind);
        Assert.Equal(expected, found.Value.Reference.ToString());
    }

    [Theory]
    [InlineData("/models/base")]
    [InlineData("/cache/models--org--name/snapshots/main")]
    [InlineData($"/cache/models--org--name/{Commit}")]
    [InlineData($"/cache/org/snapshots/{Commit}")]
    [InlineData($"/cache/models--../snapshots/{Commit}")]
    public void Of_AnyOtherPath_IsNone(string path) => Assert.Null(SnapshotReference.Of(path));
}
