using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Llama;

public sealed class LlamaCheckpointTests : IDisposable
{
    private const string Head = "lm_head.weight";
    private const string Embedding = "model.embed_tokens.weight";
    private const double Tolerance = 1e-6;   // tensors of a mapped file are aligned otherwise, and kernels round otherwise

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];
    private readonly IDisposable _listener;
    private readonly TorchSharp.DisposeScope _scope = NewDisposeScope();

    public LlamaCheckpointTests() => _listener = Warnings.Listen(_warnings.Add);

    public void Dispose()
    {
        _listener.Dispose();
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("llama", true)]
    [InlineData("llama", false)]
    [InlineData("qwen3", true)]
    public void Load_NamesWithoutTheirFirstPart_GivesTheSameModel(string family, bool tied)
    {
        var model = Tiny(family, tied);
        Write(model, tensors => tensors.ToDictionary(t => t.Key.Replace("model.", "", StringComparison.Ordinal), t => t.Value));

        using var loaded = ModelRegistry.LoadCausal(_folder.Path);

        AssertSame(model, loaded);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Load_WithoutAHeadThatIsNotTied_NamesIt()
    {
        Write(
            Tiny("llama", tied: false),
            tensors =>
                tensors.Where(t => t.Key != Head).ToDictionary(t => t.Key.Replace("model.", "", StringComparison.Ordinal), t => t.Value));

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(_folder.Path));

        Assert.Contains($"'{Head}' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TwoTensorsOfOneName_NamesTheOneThatIsTooMany()
    {
        Write(Tiny("llama", tied: true), tensors => new Dictionary<string, Tensor>(tensors) { ["norm.weight"] = ones(16) });

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(_folder.Path));

        Assert.Contains("'norm.weight' belongs to no layer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TiedHeadStoredAsACopy_StaysTied()
    {
        var model = Tiny("llama", tied: true);
        Write(model, tensors => new Dictionary<string, Tensor>(tensors) { [Head] = tensors[Embedding].clone() });

        using var loaded = ModelRegistry.LoadCausal(_folder.Path);

        AssertSame(model, loaded);
        Assert.Empty(_warnings);
        Assert.DoesNotContain(loaded.named_parameters(), p => p.name == Head);
    }

    [Fact]
    public void Load_TiedPairStoredUnderTheHeadsNameAlone_IsRead()
    {
        var model = Tiny("llama", tied: true);
        Write(model, tensors => tensors.ToDictionary(t => t.Key == Embedding ? Head : t.Key, t => t.Value));

        using var loaded = ModelRegistry.LoadCausal(_folder.Path);

        AssertSame(model, loaded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_TiedHeadThatDiffersInItsLastNumber_IsKeptWithANote(bool flat)
    {
        var model = Tiny("llama", tied: false);
        WriteTiedWithAnotherHead(model, flat);

        using var loaded = ModelRegistry.LoadCausal(_folder.Path);

        AssertSame(model, loaded);
        Assert.Contains(Head, Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.False(LlamaCheckpoint.Read(_folder.Path).TieWordEmbeddings);
    }

    [Fact]
    public void Write_TiedHeadThatDiffers_IsNoLongerCalledTied()
    {
        var model = Tiny("llama", tied: false);
        WriteTiedWithAnotherHead(model, flat: false);
        using var loaded = ModelRegistry.LoadCausal(_folder.Path);

        ModelFolder.Write(loaded, _folder.Path, _folder["written"]);
        var layout = new GgufLlamaExport(((LlamaModel)loaded).Config);

        Assert.False(
            JsonNode.Parse(File.ReadAllText(Path.Combine(_folder["written"], "config.json")))!["tie_word_embeddings"]!.GetValue<bool>());
        Assert.Contains(Head, CheckpointReader.ReadHeader(_folder["written"]).Entries.Keys);
        Assert.Contains("output.weight", layout.Tensors(loaded, GgufWeightType.F32).Select(tensor => tensor.Name));
        using var again = ModelRegistry.LoadCausal(_folder["written"]);
        AssertSame(model, again);
        Assert.Single(_warnings);   // of the source, and none of what was written
    }

    [Theory]
    [InlineData("""["Qwen3Model"]""", "Qwen3ForCausalLM")]
    [InlineData("""["SomebodysForCausalLM"]""", "SomebodysForCausalLM")]
    public void Write_FolderWithoutAHeadsClass_NamesOneThatHasIt(string architectures, string expected)
    {
        Write(Tiny("qwen3", tied: true), tensors => tensors, ("architectures", architectures));
        using var loaded = ModelRegistry.LoadCausal(_folder.Path);

        ModelFolder.Write(loaded, _folder.Path, _folder["written"]);

        Assert.Equal(
            expected,
            JsonNode.Parse(File.ReadAllText(Path.Combine(_folder["written"], "config.json")))!["architectures"]![0]!.GetValue<string>());
    }

    [Fact]
    public void Build_KeysThatContradictEachOther_HasANote()
    {
        Write(Tiny("llama", tied: false), tensors => tensors, ("rope_theta", "10000"), ("rope_parameters", """{ "rope_type": "default", "rope_theta": 50 }"""));

        using var model = ModelRegistry.Build(_folder.Path);

        Assert.Contains("50 holds", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    private static LlamaModel Tiny(string family, bool tied) =>
        TinyLlama.Create(TinyLlama.Config with { ModelType = family, TieWordEmbeddings = tied, ConfiguredHeadSize = 4 });

    private static void AssertSame(LlamaModel expected, CausalLanguageModel found)
    {
        var ids = TinyLlama.Ids(2, 5);
        Assert.Equal(0, TinyAdapters.Distance(TinyLlama.Logits(expected, ids), TinyLlama.Logits(found, ids)), Tolerance);
    }

    /// <summary>The head is the embedding but for one number, the last; the model gets it, too.</summary>
    private void WriteTiedWithAnotherHead(LlamaModel model, bool flat)
    {
        using var noGradient = no_grad();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        parameters[Head].copy_(parameters[Embedding]);
        parameters[Head][^1, ^1] += 0.5;
        Write(
            model,
            tensors => tensors.ToDictionary(t => flat ? t.Key.Replace("model.", "", StringComparison.Ordinal) : t.Key, t => t.Value),
            ("tie_word_embeddings", "true"));
    }

    private void Write(
        LlamaModel model, Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>> change, params (string Key, string Value)[] keys)
    {
        using var noGradient = no_grad();
        var json = JsonNode.Parse(TinyFolders.Json(model.Config))!.AsObject();
        foreach (var (key, value) in keys)
        {
            json[key] = JsonNode.Parse(value);
        }

        _folder.Write("config.json", json.ToJsonString());
        SafetensorsWriter.Write(
            _folder["model.safetensors"], change(model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter)));
    }
}
