using ResLora.Experiments.Verification;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Experiments.Verification.Diffusion;

public sealed class DiffusionCasesTests
{
    [Theory]
    [InlineData("diffusion/clip_text_sd1", 6)]
    [InlineData("diffusion/clip_text_sd2", 7)]
    [InlineData("diffusion_files/clip_tokenizer/sd1", 140)]
    [InlineData("diffusion_files/clip_tokenizer/sd2", 140)]
    [InlineData("diffusion_files/clip_tokenizer/added", 140)]
    [InlineData("diffusion_files/single_file", 6)]
    public void Run_SharedCase_Passes(string name, int quantities)
    {
        var only = Assert.Single(Verifier.Run([SharedFolder.PathOrSkip("goldens/" + name)]).Cases);

        Assert.True(only.Status == CaseStatus.Passed, only.Message ?? only.Worst?.ToString());
        Assert.Equal(("diffusion", quantities), (only.Kind, only.Quantities.Count));
    }

    [Theory]
    [InlineData("lora_diffusers/alpha")]
    [InlineData("lora_diffusers/alpha_lost")]
    [InlineData("lora_diffusers/attention")]
    [InlineData("lora_diffusers/attention_processors")]
    [InlineData("lora_diffusers/conv")]
    [InlineData("lora_diffusers/dora")]
    [InlineData("lora_diffusers/mixed_names")]
    [InlineData("lora_diffusers/patterns")]
    [InlineData("lora_diffusers/peft_folder")]
    [InlineData("lora_diffusers/ranks_no_metadata")]
    [InlineData("lora_diffusers/sd2")]
    [InlineData("lora_diffusers/text_encoder")]
    [InlineData("lora_kohya/dora_scale")]
    [InlineData("lora_kohya/f16")]
    [InlineData("lora_kohya/f32")]
    [InlineData("lora_kohya/ldm_names")]
    [InlineData("lora_kohya/locon")]
    [InlineData("lora_kohya/loha")]
    [InlineData("lora_kohya/lokr")]
    [InlineData("lora_kohya/no_alpha")]
    [InlineData("lora_kohya/ranks")]
    [InlineData("lora_kohya/ranks_and_alphas")]
    [InlineData("lora_kohya/shape_1x1")]
    [InlineData("sampling/ddim_lora")]
    public void Run_SharedLoraFile_Passes(string name)
    {
        var only = Assert.Single(Verifier.Run([SharedFolder.PathOrSkip("goldens/diffusion_files/" + name)]).Cases);

        Assert.True(only.Status == CaseStatus.Passed, only.Message ?? only.Worst?.ToString());
        Assert.NotEmpty(only.Quantities);
    }

    [Theory]
    [InlineData("text_model.encoder.layers.1.self_attn.q_proj.weight")]
    [InlineData("text_model.final_layer_norm.bias")]
    public void Run_TextEncoderWithASignFlipped_Fails(string tensor)
    {
        using var folder = CopyOf("goldens/diffusion/clip_text_sd2");
        Change(folder["model.safetensors"], tensor, value => value.neg());

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.NotEmpty(only.Quantities);
    }

    [Theory]
    [InlineData("beyond")]
    [InlineData("whole")]
    public void Run_TextEncoderWithIdsThatCannotBe_IsAFailureThatNamesThem(string change)
    {
        using var folder = CopyOf("goldens/diffusion/clip_text_sd2");
        Change(folder["inputs.safetensors"], "input_ids", value => change == "whole" ? value.to(torch.float32) : value.add(100));

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains("input_ids", only.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TextEncoderWithoutATolerance_IsAFailureThatSaysSo()
    {
        using var folder = CopyOf("goldens/diffusion/clip_text_sd1");
        folder.Write("case.json", """{ "name": "clip_text_sd1", "tolerance": {} }""");

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains("'tolerance' has no number 'forward'", only.Message, StringComparison.Ordinal);
    }

    /// <summary>Either kind of file is looked at on its own: the one would hide what the other gives.</summary>
    [Theory]
    [InlineData("merges.txt", "vocab.json")]
    [InlineData("tokenizer.json", "tokenizer.json")]
    public void Run_TokenizerWithOneFileChanged_FailsByThatFile(string file, string named)
    {
        using var folder = CopyOf("goldens/diffusion_files/clip_tokenizer/sd1");
        var text = File.ReadAllText(folder[file]);
        var changed = file == "merges.txt"
            ? text.Replace("\nc at</w>", "", StringComparison.Ordinal)
            : text.Replace("\"type\": \"Lowercase\"", "\"type\": \"NFC\"", StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        folder.Write(file, changed);

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        var failed = only.Quantities.Where(quantity => !quantity.Passed).ToArray();
        Assert.NotEmpty(failed);
        Assert.All(failed, quantity => Assert.EndsWith("by " + named, quantity.Name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{"text":"a"}""")]
    [InlineData("{")]
    public void Run_TokenizerCaseWithABrokenLine_IsAFailureThatNamesIt(string line)
    {
        using var folder = CopyOf("goldens/diffusion_files/clip_tokenizer/sd1");
        folder.Write("expected.jsonl", line + "\n");

        var only = Assert.Single(Verifier.Run([folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains("line 1", only.Message, StringComparison.Ordinal);
    }

    private static TemporaryFolder CopyOf(string shared)
    {
        var source = SharedFolder.PathOrSkip(shared);
        var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        return folder;
    }

    private static void Change(string path, string name, Func<torch.Tensor, torch.Tensor> change)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Dictionary<string, torch.Tensor> tensors;
        using (var file = SafetensorsReader.Open(path))
        {
            tensors = file.Entries.Keys.ToDictionary(key => key, key => file.Read(key).clone());
        }

        tensors[name] = change(tensors[name]);
        SafetensorsWriter.Write(path, tensors);
    }
}
