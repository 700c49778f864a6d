using System.Text;
using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting;

public sealed class ExportCheckTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    private const string FactorB = "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight";

    [Theory]
    [InlineData("peft")]
    [InlineData("vllm")]
    [InlineData("hf")]
    [InlineData("llama.cpp")]
    [InlineData("ollama")]
    public void Run_UntouchedExport_Passes(string target)
    {
        var folder = Export(target, $"untouched-{target}");

        var report = ExportCheck.Run(folder);

        Assert.True(report.Passed, string.Join("; ", report.Differences));
        Assert.True(report.Compared);
        Assert.Equal((target, target is "llama.cpp" or "ollama" ? 2 : 1), (report.Target, report.Proofs.Count));
    }

    [Fact]
    public void Run_MergeOfCalibrationTexts_IsMadeAgainWhileTheyAreThere()
    {
        var run = TrainJob.Run(world.Run("run-calibrated", ShortcutKind.Middle), stop: TestContext.Current.CancellationToken);
        var folder = world.Folder["calibrated"];
        ExportJob.Run(new ExportOptions { Adapter = Path.Combine(run.RunFolder, "best"), To = "vllm", Output = folder });

        var there = ExportCheck.Run(folder);
        File.Delete(new RunFolder(run.RunFolder).ConfigFile);
        var gone = ExportCheck.Run(folder);

        Assert.True(there.Passed && there.Compared, string.Join("; ", there.Differences));
        Assert.True(gone.Passed);
        Assert.False(gone.Compared);
        Assert.Contains("calibrated on texts that are not there any more", gone.NotCompared, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("peft", "adapter_model.safetensors", FactorB, "adapter_model.safetensors: 'model.layers.1.self_attn.q_proj.weight' differs")]
    [InlineData("vllm", "adapter_model.safetensors", FactorB, "adapter_model.safetensors: 'model.layers.1.self_attn.q_proj.weight' differs")]
    [InlineData("hf", "model.safetensors", "model.layers.2.input_layernorm.weight", "model: 'model.layers.2.input_layernorm.weight' differs")]
    [InlineData("llama.cpp", "model.gguf", "blk.0.attn_k.weight", "model.gguf: 'model.layers.0.self_attn.k_proj.weight' differs")]
    [InlineData("ollama", "adapter.gguf", "blk.1.attn_q.weight.lora_b", "adapter.gguf: 'model.layers.1.self_attn.q_proj.weight' differs")]
    public void Run_OneSignFlipped_FailsByItsHashAndByItsNumbers(string target, string file, string tensor, string part)
    {
        var folder = Export(target, $"flipped-{target}");
        TamperedFile.FlipSign(Path.Combine(folder, file), tensor);

        var byHash = ExportCheck.Run(folder);
        ExportFolder.Rehash(folder, file);
        var byNumbers = ExportCheck.Run(folder);

        Assert.Contains(byHash.Differences, d => d.StartsWith($"'{file}' is not the file that was written", StringComparison.Ordinal));
        // The report was made to agree with the file: only the numbers can tell now.
        Assert.False(byNumbers.Passed);
        Assert.DoesNotContain(byNumbers.Differences, d => d.Contains("SHA-256", StringComparison.Ordinal));
        Assert.Contains(byNumbers.Differences, d => d.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_GgufMetadataChanged_FailsByItsNumbersToo()
    {
        var folder = Export("llama.cpp", "metadata");
        var path = Path.Combine(folder, "model.gguf");
        var bytes = File.ReadAllBytes(path);
        var key = Encoding.UTF8.GetBytes("llama.rope.freq_base");
        var value = bytes.AsSpan().IndexOf(key) + key.Length + sizeof(uint);
        BitConverter.GetBytes(500f).CopyTo(bytes, value);
        File.WriteAllBytes(path, bytes);
        ExportFolder.Rehash(folder, "model.gguf");

        var report = ExportCheck.Run(folder);

        Assert.Contains(report.Differences, d => d.Contains("model.gguf: a logit differs", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_TemplateChanged_FailsByTheTokenIds()
    {
        var folder = Export("ollama", "template");
        var path = Path.Combine(folder, "Modelfile");
        File.WriteAllText(path, File.ReadAllText(path).Replace("{{ .Prompt }}", "User: {{ .Prompt }}", StringComparison.Ordinal));
        ExportFolder.Rehash(folder, "Modelfile");

        var report = ExportCheck.Run(folder);

        Assert.Contains(report.Differences, d => d.Contains("prompts get other token ids than in training", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_AlphaChanged_FailsByItsNumbers()
    {
        var folder = Export("peft", "alpha");
        var path = Path.Combine(folder, "adapter_config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"lora_alpha\": 32", "\"lora_alpha\": 31", StringComparison.Ordinal));
        ExportFolder.Rehash(folder, "adapter_config.json");

        var report = ExportCheck.Run(folder);

        Assert.Contains(report.Differences, d => d.Contains("differs", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("lora_alpha", null)]
    [InlineData("lora_alpha", "\"many\"")]
    [InlineData("rank_pattern", """{ "(": 4 }""")]
    [InlineData("alpha_pattern", """{ ".*": "x" }""")]
    public void Run_ConfigurationThatCannotBeRead_IsADifferenceAndNoCrash(string key, string? value)
    {
        var folder = Export("peft", $"broken-{key}-{value?.Length ?? 0}");
        var path = Path.Combine(folder, "adapter_config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json.Remove(key);
        if (value is not null)
        {
            json[key] = JsonNode.Parse(value);
        }

        File.WriteAllText(path, json.ToJsonString());

        var report = ExportCheck.Run(folder);

        Assert.Equal(2, report.Differences.Count);
        Assert.Contains("adapter_config.json", report.Differences[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FileMissingOrAdded_IsNamed()
    {
        var folder = Export("hf", "files");
        File.Delete(Path.Combine(folder, "tokenizer_config.json"));
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), "{}");

        var report = ExportCheck.Run(folder);

        Assert.Contains("'tokenizer_config.json' is missing", report.Differences);
        Assert.Contains("'adapter_config.json' was not written by the export", report.Differences);
    }

    [Fact]
    public void Run_UnreadableFile_IsADifferenceAndNoError()
    {
        var folder = Export("llama.cpp", "cut");
        var path = Path.Combine(folder, "model.gguf");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..1000]);

        var report = ExportCheck.Run(folder);

        Assert.Equal(2, report.Differences.Count);
    }

    [Fact]
    public void Run_SourcesGone_ChecksTheFilesAndSaysSo()
    {
        var adapter = world.Folder["moved-adapter"];
        using (var session = ResLora.Training.ModelSession.Load(world.Model, world.Adapter(ShortcutKind.None)))
        {
            AdapterStore.Save(session.Adapter!, adapter, world.Model);
        }

        var folder = world.Folder["orphan"];
        ExportJob.Run(new ExportOptions { Adapter = adapter, To = "peft", Output = folder });
        Directory.Delete(adapter, recursive: true);

        var whole = ExportCheck.Run(folder);
        TamperedFile.FlipSign(Path.Combine(folder, "adapter_model.safetensors"), FactorB);
        var broken = ExportCheck.Run(folder);

        Assert.True(whole.Passed);
        Assert.False(whole.Compared);
        Assert.Contains(adapter, whole.NotCompared!, StringComparison.Ordinal);
        Assert.False(broken.Passed);
    }

    [Theory]
    [InlineData("version", "2", "version 2 is not known")]
    [InlineData("tokenIds", "[[-1]]", "tokenIds must be")]
    [InlineData("tokenIds", "[]", "tokenIds must be")]
    [InlineData("files", "null", "export-report.json")]
    [InlineData("files", "[null]", "a list holds null")]
    [InlineData("tokenIds", "[null]", "a list holds null")]
    [InlineData("something", "1", "export-report.json")]
    public void Run_BrokenReport_SaysWhere(string key, string value, string part)
    {
        var folder = Export("vllm", $"report-{key}-{part.Length}-{value.Length}");
        var path = Path.Combine(folder, ExportReport.FileName);
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json[key] = JsonNode.Parse(value);
        File.WriteAllText(path, json.ToJsonString());

        var error = Assert.ThrowsAny<ResLoraException>(() => ExportCheck.Run(folder));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_NoExport_SaysSo()
    {
        var error = Assert.Throws<FileFormatException>(() => ExportCheck.Run(world.Model));

        Assert.Contains("this is no export", error.Message, StringComparison.Ordinal);
    }

    private string Export(string target, string name)
    {
        var folder = world.Folder[name];
        ExportJob.Run(new ExportOptions { Adapter = world.Adapter(ShortcutKind.Block), To = target, Output = folder });
        return folder;
    }
}
