using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Methods.Vera;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Vera;

public sealed class VeraFolderTests
{
    private const double Tolerance = 1e-5;   // float32: sums in another order, of numbers of about 1
    private const string Value = "model.layers.1.self_attn.v_proj";
    private const string Down = "model.layers.1.mlp.down_proj";

    private static readonly string[] _written =
    [
        "auto_mapping", "base_model_name_or_path", "bias", "d_initial", "fan_in_fan_out", "inference_mode", "init_weights", "layers_pattern", "layers_to_transform",
        "modules_to_save", "peft_type", "projection_prng_key", "r", "revision", "save_projection", "target_modules", "task_type", "vera_dropout",
    ];

    [Fact]
    public void SaveAndLoad_Peft_HasPeftsKeysAndTensors()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var adapted = VeraTests.Adapt(model, ShortcutKind.None);

        AdapterStore.Save(adapted, folder["saved"]);
        var loaded = AdapterStore.Load(again, folder["saved"]);

        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["saved"], "adapter_config.json")));
        Assert.Equal(_written, config.RootElement.EnumerateObject().Select(key => key.Name));
        var stored = SafetensorsReader.ReadHeader(Path.Combine(folder["saved"], "adapter_model.safetensors")).Entries;
        Assert.Equal((2 * adapted.Blocks.Count) + 2, stored.Count);
        Assert.Equal([3L, 24L, 16L, 3L], [.. stored["base_model.vera_A"].Shape, .. stored["base_model.vera_B"].Shape]);
        Assert.Equal(("vera", null), (loaded.Config.Method, loaded.Config.Vera));
        Assert.Equal(0, TinyAdapters.Distance(PeftFiles.Logits(model), PeftFiles.Logits(again)));
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void SaveAndLoad_WithAShortcut_KeepsTheProjections(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var adapted = VeraTests.Adapt(model, kind);
        using (no_grad())
        {
            adapted.Shared[0].Value.mul_(2);   // not what the seed draws
        }

        AdapterStore.Save(adapted, folder["saved"]);
        var loaded = AdapterStore.Load(again, folder["saved"]);

        using var pass = adapted.BeginPass();
        var expected = PeftFiles.Logits(model);
        using var other = loaded.BeginPass();
        Assert.Equal(0, TinyAdapters.Distance(expected, PeftFiles.Logits(again)));
    }

    [Fact]
    public void Load_AFolderOfPeft_ComputesWhatItMeans()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        Write(files);
        foreach (var (module, outputs, inputs) in new[] { (Value, 8, 16), (Down, 16, 24) })
        {
            var (b, d) = (
                files.Tensors[$"{PeftFiles.Prefix}{module}.vera_lambda_b"], files.Tensors[$"{PeftFiles.Prefix}{module}.vera_lambda_d"]);
            var (up, down) = (
                files.Tensors["base_model.vera_B"].narrow(0, 0, outputs), files.Tensors["base_model.vera_A"].narrow(1, 0, inputs));
            PeftFiles.Set(expected, $"{module}.weight", weight => weight + diag(b).matmul(up).matmul(diag(d)).matmul(down));
        }

        var adapted = AdapterStore.Load(model, files.Folder);

        using var scope = NewDisposeScope();
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(model)), 0, Tolerance);
        Assert.Equal(
            (PeftFiles.Rank, 0.25, new VeraSettings { Initial = 0.2, ProjectionSeed = 5 }),
            (adapted.Config.Rank, adapted.Config.Dropout, adapted.Config.Vera));
    }

    [Theory]
    [InlineData("vera_A", "'base_model.vera_A' is missing")]
    [InlineData("vera_B", "'base_model.vera_B' is missing")]
    public void Load_WithoutAProjection_IsRefusedByName(string missing, string problem)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        Write(files, missing);

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static void Write(PeftFiles files, string? without = null)
    {
        foreach (var (module, outputs) in new[] { (Value, 8), (Down, 16) })
        {
            files.Tensors[$"{PeftFiles.Prefix}{module}.vera_lambda_b"] = files.Random(outputs);
            files.Tensors[$"{PeftFiles.Prefix}{module}.vera_lambda_d"] = files.Random(PeftFiles.Rank);
        }

        files.Tensors["base_model.vera_A"] = files.Random(PeftFiles.Rank, 24);
        files.Tensors["base_model.vera_B"] = files.Random(16, PeftFiles.Rank);
        if (without is not null)
        {
            files.Tensors.Remove($"base_model.{without}");
        }

        files.Config.Remove("lora_alpha");
        files.Write(
            ("peft_type", "\"VERA\""), (
                "target_modules",
                $"[\"{Value}\", \"{Down}\"]"), ("vera_dropout", "0.25"), ("d_initial", "0.2"), ("projection_prng_key", "5"),
            ("save_projection", "true"), ("init_weights", "true"));
    }
}
