using ResLora.Experiments.Verification;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Experiments.Verification;

public sealed class VerifierTests
{
    private static readonly string _reference = Path.Combine(SharedFolder.RepositoryRoot, "tests", "Fixtures", "reference");

    [Theory]
    [InlineData("types")]
    [InlineData("hostile")]
    [InlineData("split")]
    [InlineData("models")]
    public void Run_GgufFiles_Pass(string folder)
    {
        var report = Verifier.Run([SharedFolder.PathOrSkip("goldens/gguf/" + folder)]);

        Assert.All(report.Cases, one => Assert.True(one.Status == CaseStatus.Passed, $"{one.Name}: {one.Message} {one.Worst}"));
    }

    [Fact]
    public void Run_OwnCases_AllPassAndNothingIsLeftOut()
    {
        var report = Verifier.Run([_reference]);

        Assert.All(report.Cases, c => Assert.True(c.Status == CaseStatus.Passed, $"{c.Name}: {c.Message ?? c.Worst?.ToString()}"));
        Assert.Equal(
            [
                "bert_middle_m1", "clip_text", "llama_block_m1", "llama_input", "llama_lora", "llama_middle_m2", "mistral_block_all",
                "peft_lora", "peft_rslora", "qwen2_input_single", "qwen3_middle_m1", "roberta_score_block_m1", "vit_middle_m2",
            ],
            report.Cases.Select(c => c.Name));
        Assert.True(report.Passed(strict: true));
    }

    [Theory]
    [InlineData("llama_lora", "adapter.safetensors")]
    [InlineData("llama_input", "adapter.safetensors")]
    [InlineData("llama_block_m1", "adapter.safetensors")]
    [InlineData("llama_middle_m2", "adapter.safetensors")]
    [InlineData("qwen3_middle_m1", "model.safetensors")]
    [InlineData("vit_middle_m2", "adapter.safetensors")]
    [InlineData("vit_middle_m2", "model.safetensors")]
    [InlineData("clip_text", "model.safetensors")]
    [InlineData("peft_rslora", "adapter_model.safetensors")]
    public void Run_OneSignFlipped_Fails(string name, string file)
    {
        using var folder = Copy(name);
        FlipOneSign(folder[file]);

        var report = Verifier.Run([folder.Path]);

        var only = Assert.Single(report.Cases);
        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Null(only.Message);
        Assert.NotNull(only.Worst);
        Assert.False(only.Worst.Passed);
        Assert.False(report.Passed(strict: false));
    }

    [Fact]
    public void Run_Progress_GetsEveryCaseInTurn()
    {
        var seen = new List<string>();

        var report = Verifier.Run([Path.Combine(_reference, "peft_rslora"), Path.Combine(_reference, "peft_lora")], c => seen.Add(c.Name));

        Assert.Equal(["peft_rslora", "peft_lora"], seen);
        Assert.Equal(seen, report.Cases.Select(c => c.Name));
        Assert.All(report.Cases, c => Assert.Equal("layer", c.Kind));
    }

    [Fact]
    public void Run_UnknownKind_CountsAsFailureOnlyWhenStrict()
    {
        using var folder = new TemporaryFolder();
        folder.Write("case.json", """{ "kind": "diffusion_unet", "tolerance": { "forward": 1e-5 } }""");

        var report = Verifier.Run([folder.Path]);

        var only = Assert.Single(report.Cases);
        Assert.Equal(CaseStatus.Unsupported, only.Status);
        Assert.Contains("'diffusion_unet'", only.Message, StringComparison.Ordinal);
        Assert.True(report.Passed(strict: false));
        Assert.False(report.Passed(strict: true));
    }

    [Theory]
    [InlineData("\"m\": null", "\"m\": null, \"method\": \"dora\"", "'dora'")]
    [InlineData("\"m\": null", "\"m\": null, \"zebra\": 1", "'zebra'")]
    [InlineData("\"is\"", "\"zigzag\"", "'zigzag'")]
    [InlineData("\"doubled\"", "\"tripled\"", "'tripled'")]
    [InlineData("\"causal_lm\"", "\"focal\"", "'focal'")]
    [InlineData("\"norm_window\"", "\"stride\": 2, \"norm_window\"", "'calibration.stride'")]
    [InlineData("\"all batches\"", "\"last batch\"", "'last batch'")]
    [InlineData("\"dropout\": 0.0", "\"dropout\": 0.1", "dropout 0.1")]
    [InlineData("\"scale\": 1.5", "\"scale\": 2.5", "scale 2.5")]
    public void Run_CaseThatAsksForSomethingUnknown_IsUnsupportedByName(string old, string replacement, string part)
    {
        using var folder = Copy("llama_input");
        Assert.Contains(old, File.ReadAllText(folder["case.json"]), StringComparison.Ordinal);
        Replace(folder["case.json"], old, replacement);

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Unsupported, only.Status);
        Assert.Contains(part, only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"method\": \"zebra\"", "'zebra'")]
    [InlineData("\"method\": \"dora\", \"init_r\": 4", "'init_r'")]
    [InlineData("\"method\": \"dora\", \"decompose_factor\": 4", "'decompose_factor'")]
    [InlineData("\"method\": \"dora\", \"b\": [1]", "'b'")]
    [InlineData("\"method\": \"rslora\"", "scale 1.5")]
    public void Run_MethodCaseThatAsksForSomethingUnknown_IsUnsupportedByName(string asked, string part)
    {
        using var folder = Copy("llama_input");
        Replace(folder["case.json"], "\"m\": null", "\"m\": null, \"kind\": \"method_model\", " + asked);

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Unsupported, only.Status);
        Assert.Contains(part, only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama_is_rslora")]
    [InlineData("llama_bs_m1_dora")]
    public void Run_MethodCaseWithAFlippedSign_Fails(string name)
    {
        using var folder = CopyOf(SharedFolder.PathOrSkip("goldens/methods/" + name));
        FlipOneSign(folder["adapter.safetensors"]);

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Null(only.Message);
    }

    [Fact]
    public void Run_AdapterCaseWithAFlippedSign_Fails()
    {
        var source = SharedFolder.PathOrSkip("goldens/methods/peft_model_modules_to_save");
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = folder[Path.GetRelativePath(source, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        FlipOneSign(folder[Path.Combine("adapter", "adapter_model.safetensors")]);

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal((CaseStatus.Failed, "adapter"), (only.Status, only.Kind));
        Assert.Null(only.Message);
    }

    [Theory]
    [InlineData("""{ "kind": "oracles", "tolerance": [1], "calibration": "none" }""")]
    [InlineData("""{ "padding": "max_length", "tolerance": { "forward": 1e-5 } }""")]
    [InlineData("""{ "kind": "peft_linear", "stride": [1, 1], "module": "a", "tolerance": {} }""")]
    [InlineData("""{ "kind": "peft_conv2d", "stride": 2, "module": "a", "tolerance": {} }""")]
    [InlineData("""{ "kind": "peft_conv2d", "stride": [1, 2, 3], "module": "a", "tolerance": {} }""")]
    public void Run_KindOrKeyOfAnotherForm_IsUnsupportedNotAFailure(string text)
    {
        using var folder = new TemporaryFolder();
        folder.Write("case.json", text);

        Assert.Equal(CaseStatus.Unsupported, Assert.Single(Verifier.Run([folder.Path]).Cases).Status);
    }

    [Fact]
    public void Run_UnsupportedFeatureOfTheModel_IsNamed()
    {
        using var folder = Copy("llama_lora");
        Replace(folder["config.json"], "\"silu\"", "\"gelu\"");

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Unsupported, only.Status);
        Assert.Contains("hidden_act 'gelu'", only.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_MissingFolder_Throws()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => Verifier.Run([folder["nowhere"]]));

        Assert.Contains("no such folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FolderWithoutCase_Throws()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => Verifier.Run([folder.Path]));

        Assert.Contains("no conformance case", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{ "tolerance": null }""")]
    [InlineData("""{ "tolerance": { "forward": "small" } }""")]
    [InlineData("""{ "structure": 7, "tolerance": {} }""")]
    [InlineData("""{ "structure": "lora", "loss": "causal_lm", "rank": 2, "alpha": 3, "targets": null, "tolerance": {} }""")]
    [InlineData("""{ "structure": "lora", "loss": "causal_lm", "rank": 2, "alpha": 3, "targets": ["q_proj"], "tolerance": {} }""")]
    [InlineData("""{ "structure": "is", "loss": "causal_lm", "rank": 2, "alpha": 3, "targets": ["q_proj", "v_proj"], "tolerance": {} }""")]
    [InlineData("""
        { "structure": "is", "loss": "causal_lm", "rank": 2, "alpha": 3,
          "targets": ["q_proj", "v_proj"], "calibration": { "batches": 1, "norm_window": -1 }, "tolerance": {} }
        """)]
    [InlineData("""
        { "structure": "is", "loss": "causal_lm", "rank": 2, "alpha": 3,
          "targets": ["q_proj", "v_proj"], "calibration": { "batches": 2000000000, "norm_window": 1 }, "tolerance": {} }
        """)]
    [InlineData("""
        { "structure": "lora", "loss": "causal_lm", "rank": 1, "alpha": 3,
          "targets": ["q_proj", "v_proj"], "tolerance": {} }
        """)]
    [InlineData("""{ "kind": "peft_linear", "module": "", "tolerance": {} }""")]
    [InlineData("""{ "kind": "peft_linear", "tolerance": {} }""")]
    public void Run_HostileCaseFile_IsAFailedCaseWithAMessage(string text)
    {
        using var folder = Copy("llama_input");
        folder.Write("case.json", text);

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.False(string.IsNullOrWhiteSpace(only.Message));
    }

    [Theory]
    [InlineData("targets", """
        { "structure": "lora", "loss": "causal_lm", "rank": 2, "alpha": 3,
          "targets": ["q_prj"], "tolerance": {} }
        """)]
    [InlineData("rank is 0", """
        { "structure": "lora", "loss": "causal_lm", "rank": 0, "alpha": 3,
          "targets": ["q_proj"], "tolerance": {} }
        """)]
    public void Run_ImpossibleAdapter_SaysWhy(string part, string text)
    {
        using var folder = Copy("llama_input");
        folder.Write("case.json", text);

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.NotEqual(CaseStatus.Passed, only.Status);
        Assert.Contains(part, only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("input_ids", 500)]
    [InlineData("input_ids", -1)]
    [InlineData("labels", 500)]
    public void Run_TokenOutsideTheVocabulary_IsAFailedCaseWithAMessage(string tensor, long value)
    {
        using var folder = Copy("llama_lora");
        Rewrite(folder["inputs.safetensors"], tensor, t => t.fill_(value));

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains(tensor, only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("input_ids")]
    [InlineData("attention_mask")]
    [InlineData("labels")]
    public void Run_InputOfAnotherShape_IsAFailedCaseWithAMessage(string tensor)
    {
        using var folder = Copy("llama_lora");
        Rewrite(folder["inputs.safetensors"], tensor, t => t.flatten());

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains(tensor, only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pixel_values", "cut")]
    [InlineData("pixel_values", "whole numbers")]
    [InlineData("labels", "large")]
    public void Run_PicturesThatDoNotFit_AreAFailedCaseWithAMessage(string tensor, string change)
    {
        using var folder = Copy("vit_middle_m2");
        Rewrite(folder["inputs.safetensors"], tensor, t => change switch
        {
            "cut" => t.narrow(3, 0, 4).contiguous(),
            "whole numbers" => t.to(torch.int64),
            _ => t.fill_(5),
        });

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains(tensor, only.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TokenizerCaseWithNullLine_IsAFailedCaseWithAMessage()
    {
        var source = SharedFolder.PathOrSkip("goldens/tokenizers/llama-10m");
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(source, "tokenizer.json"), folder["tokenizer.json"]);
        folder.Write("expected.jsonl", "null\n");

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains("line 1", only.Message, StringComparison.Ordinal);
    }

    private static TemporaryFolder Copy(string name) => CopyOf(Path.Combine(_reference, name));

    private static TemporaryFolder CopyOf(string source)
    {
        var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        return folder;
    }

    private static void Replace(string path, string old, string replacement) =>
        File.WriteAllText(path, File.ReadAllText(path).Replace(old, replacement, StringComparison.Ordinal));

    private static void FlipOneSign(string path)
    {
        // The last float of the file: its sign is the highest bit of the last byte.
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 0x80;
        File.WriteAllBytes(path, bytes);
    }

    private static void Rewrite(string path, string name, Func<torch.Tensor, torch.Tensor> change)
    {
        using var scope = torch.NewDisposeScope();
        Dictionary<string, torch.Tensor> tensors;
        using (var reader = SafetensorsReader.Open(path))
        {
            tensors = reader.Entries.Keys.ToDictionary(k => k, k => reader.Read(k).clone(), StringComparer.Ordinal);
        }

        tensors[name] = change(tensors[name]);
        SafetensorsWriter.Write(path, tensors);
    }
}
