using System.Text.Json.Nodes;
using ResLora.Models.Llama;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>PEFT folders written by hand, and models that compute what they mean by hand.</summary>
internal sealed class PeftFiles : IDisposable
{
    public const string Prefix = "base_model.model.";
    public const int Rank = 2;
    public const double Alpha = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Generator _generator = new(17, CPU);

    public Dictionary<string, Tensor> Tensors { get; } = new(StringComparer.Ordinal);

    public JsonObject Config { get; } = new() { ["peft_type"] = "LORA", ["task_type"] = "CAUSAL_LM", ["r"] = Rank, ["lora_alpha"] = Alpha };

    public string Folder => _folder["adapter"];

    public string Other(string name) => _folder[name];

    /// <summary>Random numbers of a shape.</summary>
    public Tensor Random(params long[] shape) => randn(shape, generator: _generator) * 0.3;

    /// <summary>Adds the factors of a block.</summary>
    public (Tensor A, Tensor B) Block(string module, long outputs = 16, long inputs = 16)
    {
        var (a, b) = (Random(Rank, inputs), Random(outputs, Rank));
        (Tensors[$"{Prefix}{module}.lora_A.weight"], Tensors[$"{Prefix}{module}.lora_B.weight"]) = (a, b);
        return (a, b);
    }

    /// <summary>Writes the two files.</summary>
    public string Write(params (string Key, string Json)[] keys)
    {
        foreach (var (key, json) in keys)
        {
            Config[key] = JsonNode.Parse(json);
        }

        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "adapter_config.json"), Config.ToJsonString());
        SafetensorsWriter.Write(Path.Combine(Folder, "adapter_model.safetensors"), Tensors);
        return Folder;
    }

    /// <summary>Changes a parameter of a plain model.</summary>
    public static void Set(LlamaModel model, string name, Func<Tensor, Tensor> change)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var parameter = model.named_parameters().First(p => p.name == name).parameter;
        parameter.copy_(change(parameter));
    }

    /// <summary>Adds s B A to a layer of a plain model.</summary>
    public static void Add(LlamaModel model, string module, (Tensor A, Tensor B) pair) =>
        Set(model, $"{module}.weight", weight => weight + (pair.B.matmul(pair.A) * (Alpha / Rank)));

    /// <summary>Logits of the same ids for every model.</summary>
    public static Tensor Logits(LlamaModel model)
    {
        using var ids = TinyLlama.Ids(2, 6);
        return TinyLlama.Logits(model, ids);
    }

    public void Dispose()
    {
        _generator.Dispose();
        _scope.Dispose();
        _folder.Dispose();
    }
}
