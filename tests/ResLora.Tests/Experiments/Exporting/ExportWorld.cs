using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Exporting;

/// <summary>A tiny model with a trained adapter of each structure, made once for the tests of exports.</summary>
public sealed class ExportWorld : IDisposable
{
    private readonly TinyWorld _world = new();
    private readonly Dictionary<ShortcutKind, string> _adapters = [];

    public string Model => _world.Model;

    public string Data => _world.Data;

    public TemporaryFolder Folder => _world.Folder;

    public RunConfig Run(string output, ShortcutKind kind) => _world.Run(output, kind);

    /// <summary>The folder of a trained adapter.</summary>
    public string Adapter(ShortcutKind kind)
    {
        if (!_adapters.TryGetValue(kind, out var folder))
        {
            var run = TrainJob.Run(_world.Run($"run-{kind}", kind), stop: TestContext.Current.CancellationToken);
            folder = _adapters[kind] = new RunFolder(run.RunFolder).Best;
        }

        return folder;
    }

    /// <summary>A copy of the model's folder whose JSON files are changed.</summary>
    public string Variant(string name, params IEnumerable<(string File, string Key, JsonNode? Value)> changes)
    {
        var folder = Folder[name];
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(Model))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        foreach (var (file, key, value) in changes)
        {
            var path = Path.Combine(folder, file);
            var json = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : [];
            json[key] = value;
            File.WriteAllText(path, json.ToJsonString());
        }

        return folder;
    }

    /// <summary>The model with an output head of its own, twice the embedding.</summary>
    public string WithHead(string name)
    {
        var folder = Variant(name, ("config.json", "tie_word_embeddings", false));
        var path = Path.Combine(folder, "model.safetensors");
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        using (var reader = SafetensorsReader.Open(path))
        {
            tensors = reader.Entries.Keys.ToDictionary(key => key, key => reader.Read(key).clone());
        }

        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"] * 2;
        SafetensorsWriter.Write(path, tensors);
        return folder;
    }

    /// <summary>An adapter with random factors for a model, in PEFT's format.</summary>
    public string NewAdapter(string name, string model, AdapterConfig config)
    {
        using var session = ModelSession.Load(model);
        AdapterStore.Save(session.Attach(config).WithRandomB(0.1), Folder[name], model);
        return Folder[name];
    }

    public void Dispose() => _world.Dispose();
}
