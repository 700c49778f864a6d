using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Hub;
using Xunit;

namespace ResLora.Tests.Hub;

public sealed class HubClientTests : IDisposable
{
    private static readonly string[] _read = ["config.json", "model.safetensors", "tokenizer.json"];

    private readonly HubWorld _world = new();

    [Fact]
    public void Get_AModel_TakesTheFilesThatAreReadAndNoOthers()
    {
        var snapshot = _world.Get();

        Assert.Equal(["config.json", "tokenizer.json", "model.safetensors"], snapshot.Files.Select(file => file.Path));
        Assert.Equal(_world.Model["model.safetensors"], File.ReadAllBytes(Path.Combine(snapshot.Place, "model.safetensors")));
        Assert.Equal(snapshot.Bytes, snapshot.DownloadedBytes);
        Assert.DoesNotContain(_world.Server.Requests, request => request.Path.Contains("pytorch_model.bin", StringComparison.Ordinal));
    }

    [Fact]
    public void Get_AModel_LeavesTheLayoutOfHuggingFaceHub()
    {
        _world.Get();

        string[] expected =
        [
            .. _read.Select(name => $"blobs/{_world.Model.Digest(name)}"), "refs/main",
            .. _read.Select(name => $"snapshots/{_world.Model.Commit}/{name}"),
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), _world.CacheFiles());
        Assert.Equal(_world.Model.Commit, File.ReadAllText(Path.Combine(_world.ModelFolder, "refs", "main")));
        Assert.Equal(
            Path.Combine("..", "..", "blobs", _world.Model.Digest("config.json")),
            new FileInfo(Path.Combine(_world.ModelFolder, "snapshots", _world.Model.Commit, "config.json")).LinkTarget);
        Assert.StartsWith("Signature: 8a477f597d28d172789f06886806bc55", File.ReadAllText(Path.Combine(_world.Cache, "CACHEDIR.TAG")), StringComparison.Ordinal);
    }

    [Fact]
    public void Get_WithoutLinks_Copies()
    {
        _world.Settings = _world.Settings with { UsesLinks = false };

        var snapshot = _world.Get();

        var file = new FileInfo(Path.Combine(snapshot.Place, "model.safetensors"));
        Assert.Null(file.LinkTarget);
        Assert.Equal(_world.Model["model.safetensors"].Length, file.Length);
    }

    [Fact]
    public void Get_Again_DownloadsNothing()
    {
        _world.Get();
        var before = _world.Server.Downloads.Count();

        var snapshot = _world.Get();

        Assert.Equal(0, snapshot.DownloadedBytes);
        Assert.Equal(before, _world.Server.Downloads.Count());
    }

    [Fact]
    public void Get_ABranchThatMoved_DownloadsWhatChangedAlone()
    {
        _world.Get();
        _world.Model.With("config.json", """{"model_type": "qwen2"}""").Commit = new('d', 40);
        var before = _world.Server.Downloads.Count();

        var snapshot = _world.Get();

        Assert.Equal(new string('d', 40), snapshot.Commit);
        Assert.Contains("qwen2", File.ReadAllText(Path.Combine(snapshot.Place, "config.json")), StringComparison.Ordinal);
        Assert.Equal(1, _world.Server.Downloads.Count() - before);
        Assert.Contains("llama", File.ReadAllText(Path.Combine(_world.ModelFolder, "snapshots", new string('c', 40), "config.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refs/pr/1")]
    [InlineData("v1.0")]
    public void Get_ARevision_NotesItsCommit(string revision)
    {
        _world.Model.Revisions.Add(revision);

        var snapshot = _world.Get($"{HubWorld.ModelId}@{revision}");

        Assert.Equal(_world.Model.Commit, snapshot.Commit);
        Assert.Equal(_world.Model.Commit, File.ReadAllText(Path.Combine([_world.ModelFolder, "refs", .. revision.Split('/')])));
    }

    [Fact]
    public void Get_ACommit_NotesNoRevision()
    {
        _world.Get($"{HubWorld.ModelId}@{_world.Model.Commit}");

        Assert.False(Directory.Exists(Path.Combine(_world.ModelFolder, "refs")));
    }

    [Fact]
    public void Get_AModelWithoutOrganization_HasAFolderOfItsNameAlone()
    {
        _world.Server.Add("gpt2").With("config.json", "{}").With("model.safetensors", HubWorld.Bytes(10, 1));

        var snapshot = _world.Get("gpt2");

        Assert.Contains(Path.Combine(_world.Cache, "models--gpt2", "snapshots"), snapshot.Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_AFile_IsItsPlace()
    {
        var snapshot = _world.Get($"{HubWorld.ModelId}/tokenizer.json");

        Assert.EndsWith(Path.Combine(_world.Model.Commit, "tokenizer.json"), snapshot.Place, StringComparison.Ordinal);
        Assert.Single(snapshot.Files);
        Assert.Equal($"hub:{HubWorld.ModelId}@{_world.Model.Commit}/tokenizer.json", snapshot.Reference.ToString());
    }

    [Fact]
    public void Get_NamedFiles_TakesThoseWhateverTheyAre()
    {
        var snapshot = _world.Get(HubWorld.ModelId, "README.md", "pytorch_model.bin");

        Assert.Equal(["README.md", "pytorch_model.bin"], snapshot.Files.Select(file => file.Path));
    }

    [Fact]
    public void Get_AFileThatIsNotThere_NamesTheNearest()
    {
        var error = Assert.Throws<ConfigException>(() => _world.Get(HubWorld.ModelId, "tokeniser.json"));

        Assert.Contains("Did you mean 'tokenizer.json'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_DataSet_TakesDataFilesIntoAFolderOfItsOwn()
    {
        var snapshot = _world.Get(HubKind.Dataset, HubWorld.DataId);

        Assert.Equal(["data/test-00000-of-00001.parquet", "data/train.jsonl"], snapshot.Files.Select(file => file.Path));
        Assert.Contains(Path.Combine(_world.Cache, "datasets--org--rows"), snapshot.Place, StringComparison.Ordinal);
        Assert.Equal("""{"a": 1}""", File.ReadAllText(Path.Combine(snapshot.Place, "data", "train.jsonl")));
    }

    [Fact]
    public void Get_OffLine_OpensNoConnection()
    {
        var online = _world.Get();
        _world.Settings = _world.Settings with { Offline = true };
        var handler = new SocketsHttpHandler { ConnectCallback = (_, _) => throw new InvalidOperationException("a socket was opened") };
        using var client = new HubClient(_world.Settings, () => handler);
        var before = _world.Server.Requests.Count;

        var offline = client.Get(HubKind.Model, HubReference.Parse(HubWorld.ModelId));

        Assert.Equal(online.Place, offline.Place);
        Assert.Equal(online.Files.Select(file => file.Path).Order(), offline.Files.Select(file => file.Path).Order());
        Assert.Equal(online.Bytes, offline.Bytes);
        Assert.Equal(before, _world.Server.Requests.Count);
    }

    [Fact]
    public void Get_OffLineWhatIsNotHere_SaysWhatToRun()
    {
        _world.Settings = _world.Settings with { Offline = true };

        var error = Assert.Throws<ConfigException>(() => _world.Get(HubKind.Dataset, $"{HubWorld.DataId}@v2"));

        Assert.Contains($"reslora pull {HubWorld.DataId}@v2 --data", error.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Server.Requests);
    }

    [Fact]
    public void Get_OffLineASnapshotWithoutWeights_SaysThatItIsNotWhole()
    {
        File.Delete(Path.Combine(_world.Get().Place, "model.safetensors"));
        _world.Settings = _world.Settings with { Offline = true };

        var error = Assert.Throws<ConfigException>(() => _world.Get());

        Assert.Contains("has not all that is needed", error.Message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_WithoutAHub_TakesTheCacheAndSaysSo()
    {
        var online = _world.Get();
        _world.Settings = _world.Settings with { Endpoint = new Uri("http://127.0.0.1:1") };
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        var cached = _world.Get();

        Assert.Equal(online.Place, cached.Place);
        Assert.Contains($"commit {online.Commit}", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Get_AFileOfAHostileName_DownloadsNothing()
    {
        _world.Model.With("../../../evil.json", "{}").With("unet/../../../evil.safetensors", "x");

        var error = Assert.Throws<FileFormatException>(() => _world.Get(HubWorld.ModelId, "../../../evil.json"));

        Assert.Contains("leads out of its folder", error.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Server.Downloads);
        Assert.Empty(_world.CacheFiles());
    }

    [Fact]
    public void Get_AHostileNameInAnIndex_DownloadsNoWeights()
    {
        _world.Server.Add("org/index").With("config.json", "{}")
            .With("model.safetensors.index.json", """{"weight_map": {"a": "../../evil.safetensors"}}""")
            .With("../../evil.safetensors", "x");

        var error = Assert.Throws<FileFormatException>(() => _world.Get("org/index"));

        Assert.Contains("leads out of its folder", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_world.Server.Requests, request => request.Path.Contains("evil", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("""{"sha": "main", "siblings": []}""")]
    [InlineData("""{"sha": "cccccccccccccccccccccccccccccccccccccccc"}""")]
    [InlineData("""{"sha": "cccccccccccccccccccccccccccccccccccccccc", "siblings": [{"rfilename": "a", "size": 1, "blobId": "../../x"}]}""")]
    [InlineData("""{"sha": "cccccccccccccccccccccccccccccccccccccccc", "siblings": [{"rfilename": "a", "lfs": {"sha256": "short", "size": 1}}]}""")]
    [InlineData("""{"sha": "cccccccccccccccccccccccccccccccccccccccc", "siblings": [{"rfilename": "a", "size": 9223372036854775807, "blobId": "cccccccccccccccccccccccccccccccccccccccc"}]}""")]
    [InlineData("""{"sha": "cccccccccccccccccccccccccccccccccccccccc", "siblings": [{"rfilename": "a", "size": -1, "blobId": "cccccccccccccccccccccccccccccccccccccccc"}]}""")]
    public void Get_AnAnswerThatIsNoHubs_SaysSo(string answer)
    {
        _world.Server.Instead = async context =>
        {
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer));
            return true;
        };

        var error = Assert.Throws<FileFormatException>(() => _world.Get());

        Assert.Contains("does not answer as a hub does", error.Message, StringComparison.Ordinal);
        Assert.Empty(_world.CacheFiles());
    }

    [Fact]
    public void Get_TellsProgress_UpToTheEnd()
    {
        var told = new List<HubProgress>();
        using var client = new HubClient(_world.Settings, new Listener(told.Add));

        var snapshot = client.Get(HubKind.Model, HubReference.Parse(HubWorld.ModelId));

        Assert.Equal(new HubProgress($"hub:{HubWorld.ModelId}", snapshot.Bytes, snapshot.Bytes, 3, 3), told[^1]);
        Assert.True(told[^1].IsDone);
        Assert.Equal(told.Select(one => one.Bytes).Order(), told.Select(one => one.Bytes));
    }

    [Fact]
    public void Get_Stopped_EndsWithoutASnapshot()
    {
        using var stop = new CancellationTokenSource();
        _world.Server.Instead = async context =>
        {
            if (context.Request.Path.Value!.Contains("contents", StringComparison.Ordinal))
            {
                await stop.CancelAsync();
            }

            return false;
        };
        using var client = new HubClient(_world.Settings, stop: stop.Token);

        Assert.ThrowsAny<OperationCanceledException>(() => client.Get(HubKind.Model, HubReference.Parse(HubWorld.ModelId)));

        Assert.DoesNotContain(_world.CacheFiles(), file => file.StartsWith("snapshots", StringComparison.Ordinal) || file.StartsWith("refs", StringComparison.Ordinal));
    }

    public void Dispose() => _world.Dispose();

    private sealed class Listener(Action<HubProgress> hear) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => hear(value);
    }
}
