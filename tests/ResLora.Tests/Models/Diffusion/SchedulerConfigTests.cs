using ResLora.Formats.Errors;
using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Diffusion;

public sealed class SchedulerConfigTests
{
    [Theory]
    [InlineData("models/emoji-sd")]
    [InlineData("goldens/diffusion_files/sd1")]
    [InlineData("goldens/diffusion_files/sd2")]
    public void Read_AsDiffusersWritesIt_HasNoProblems(string folder)
    {
        var config = SchedulerConfig.Read(SharedFolder.PathOrSkip(folder));

        Assert.Empty(config.Problems());
        Assert.Empty(config.Problems(config.ClassName));
        Assert.Equal(1, config.StepsOffset);
    }

    /// <summary>diffusers writes a minus infinity that is no JSON.</summary>
    [Fact]
    public void Read_SolverWithBareInfinity_IsReadAndSampled()
    {
        var config = Read("""
            "_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver++", "beta_end": 0.012, "dynamic_thresholding_ratio": 0.995,
            "euler_at_final": false, "final_sigmas_type": "zero", "lambda_min_clipped": -Infinity, "lower_order_final": true, "sample_max_value": 1.0,
            "solver_order": 2, "solver_type": "midpoint", "thresholding": false, "use_karras_sigmas": false, "variance_type": null
            """);

        using var sampler = Samplers.Of(config, 20);

        Assert.Equal("dpm++", sampler.Name);
        Assert.Equal(0.012, config.BetaEnd);
    }

    [Theory]
    [InlineData("\"steps_offset\": -1", "steps_offset is -1")]
    [InlineData("\"steps_offset\": 1000", "steps_offset is 1000; it must be from 0 to 999")]
    [InlineData("\"steps_offset\": 8, \"num_train_timesteps\": 8", "steps_offset is 8")]
    [InlineData("\"clip_sample_range\": 0", "clip_sample_range is 0")]
    [InlineData("\"clip_sample_range\": -1.0", "clip_sample_range is -1")]
    [InlineData("\"clip_sample_range\": 1e300", "clip_sample_range is 1E+300")]
    [InlineData("\"num_train_timesteps\": 0", "num_train_timesteps is 0")]
    [InlineData("\"num_train_timesteps\": 2000000000", "num_train_timesteps is 2000000000")]
    [InlineData("\"beta_start\": 0", "beta_start is 0")]
    [InlineData("\"beta_start\": 0.03", "beta_start is 0.03 and beta_end 0.02")]
    [InlineData("\"beta_end\": 1", "beta_end 1")]
    [InlineData("\"beta_end\": 0.9", "leaves nothing of a picture")]
    [InlineData("\"beta_schedule\": \"sigmoid\"", "beta_schedule 'sigmoid'")]
    [InlineData("\"prediction_type\": \"flow_prediction\"", "prediction_type 'flow_prediction'")]
    [InlineData("\"timestep_spacing\": \"custom\"", "timestep_spacing 'custom'")]
    [InlineData("\"trained_betas\": [0.1]", "trained_betas [0.1]")]
    [InlineData("\"rescale_betas_zero_snr\": true", "rescale_betas_zero_snr true")]
    [InlineData("\"shift\": 3.0", "the key 'shift'")]
    public void Read_WhatNoSamplerCanDo_IsRefusedByName(string entry, string named)
    {
        var exception = Assert.Throws<ConfigException>(() => Read($"\"_class_name\": \"DDIMScheduler\", {entry}"));

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.Contains("scheduler_config.json", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralProblems_NamesAll()
    {
        var exception = Assert.Throws<ConfigException>(() => Read(
            """ "_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0, "steps_offset": -2, "clip_sample_range": 0, "beta_schedule": "x" """));

        Assert.All(
            ["FlowMatchEulerDiscreteScheduler", "shift", "steps_offset", "clip_sample_range", "beta_schedule"],
            key => Assert.Contains(key, exception.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"steps_offset\": 0.5", "steps_offset")]
    [InlineData("\"clip_sample\": \"no\"", "clip_sample")]
    [InlineData("\"beta_start\": NaN", "beta_start")]
    [InlineData("\"beta_schedule\": null", "null")]
    [InlineData("\"_use_default_values\": 3", "_use_default_values")]
    [InlineData("\"_use_default_values\": [3]", "_use_default_values")]
    [InlineData("\"_use_default_values\": [null]", "_use_default_values")]
    public void Read_BrokenFormat_IsSaid(string entry, string named)
    {
        var exception = Assert.Throws<FileFormatException>(() => Read($"\"_class_name\": \"DDIMScheduler\", {entry}"));

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ListOfKeysThatNobodySet_ForgetsTheirValues()
    {
        var config = Read("""
            "_class_name": "PNDMScheduler", "set_alpha_to_one": false, "timestep_spacing": "leading", "steps_offset": 1,
            "_use_default_values": ["set_alpha_to_one", "timestep_spacing", "_class_name", "nothing"]
            """);

        Assert.Equal((null, null, 1, "PNDMScheduler"), (config.EndsClean, config.SpacingName, config.StepsOffset, config.ClassName));
    }

    [Fact]
    public void Read_NoList_KeepsTheValues()
    {
        var config = Read(""" "_class_name": "PNDMScheduler", "set_alpha_to_one": false, "timestep_spacing": "leading" """);

        Assert.Equal((false, "leading"), (config.EndsClean, config.SpacingName));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{")]
    public void Read_NoConfiguration_IsSaid(string text)
    {
        using var folder = new TemporaryFolder();
        folder.Write("scheduler_config.json", text);

        Assert.Throws<FileFormatException>(() => SchedulerConfig.Read(folder["scheduler_config.json"]));
    }

    private static SchedulerConfig Read(string entries)
    {
        using var folder = new TemporaryFolder();
        folder.Write("scheduler_config.json", $$"""{ {{entries}} }""");
        return SchedulerConfig.Read(folder["scheduler_config.json"]);
    }
}
