using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>Conformance cases by the built tool. It takes minutes, and as a process of its own it goes on beside other tests.</summary>
public sealed class VerifyTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(15);

    /// <summary>The cases of the reference set that pass with today's kinds of model; the others are not supported yet.</summary>
    private static readonly string[] _passing =
    [
        "bert_is", "decode", "imagefolder", "llama-10m", "llama3_rope_scaling", "llama_bs_all", "llama_bs_m1", "llama_bs_m1_adalora",
        "llama_bs_m1_dora", "llama_bs_m1_lokr", "llama_is_loha", "llama_dylora", "llama_gqa_bias_tied", "llama_is_adalora", "llama_is",
        "llama_is_dora",
        "llama_is_rslora", "llama_is_single_first_block", "llama_lora", "llama_lora_dora", "llama_ms_m1", "llama_ms_m1_dora",
        "llama_ms_m1_dylora", "llama_ms_m3_adalora", "llama_ms_m3", "peft_dora", "peft_dora_rslora", "peft_lora",
        "peft_model_bias_lora_only", "peft_model_dora", "peft_model_layers_to_transform", "peft_model_modules_to_save",
        "peft_model_patterns", "peft_model_regex",
        "peft_model_roberta", "peft_model_rslora", "peft_rslora", "preprocess", "qwen3", "roberta_ms_m4", "roberta_stsb_regression",
        "statistics", "stories260K", "unet_sd1_lora", "unet_sd1_ms_m2", "unet_sd2_bs_m2", "unet_sd2_is", "vit_is", "vit_lora",
        "clip_text_sd1", "clip_text_sd2", "added", "sd1", "sd2",
        "scheduler_ddim_cfg", "scheduler_ddpm_eps", "scheduler_ddpm_v", "vae",
        "ddim_leading", "ddim_published_v", "ddim_trailing", "ddim_trailing_v", "dpm_leading", "dpm_published", "dpm_published_v",
        "dpm_trailing_v", "euler_leading", "euler_published", "euler_trailing", "euler_trailing_v", "pndm_published",
    ];

    [Fact]
    public void Verify_SharedCases_ThoseOfKnownKindsPass()
    {
        using var process = Tool.Start("verify", Repository.SharedOrSkip("goldens"), "--json");

        var result = Tool.End(process, _patience);

        // A case that fails is told first, by its name: the whole document has a line for every number that is compared.
        var cases = result.Json.GetProperty("cases").EnumerateArray()
            .Select(one => (
                Name: one.GetProperty("name").GetString()!,
                Status: one.GetProperty("status").GetString(),
                Message: one.GetProperty("message").GetString()))
            .ToArray();
        Assert.Empty(_passing.Except(cases.Where(one => one.Status == "passed").Select(one => one.Name)));
        Assert.Empty(cases.Where(one => one.Status == "failed").Select(one => $"{one.Name}: {one.Message}"));
        Assert.All(cases.Where(one => one.Status == "unsupported"), one => Assert.NotNull(one.Message));
        Assert.True(result.Json.GetProperty("passed").GetBoolean());
        Assert.Equal(0, result.ExitCode);
    }
}
