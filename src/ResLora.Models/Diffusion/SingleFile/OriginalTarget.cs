namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>Where a tensor of an original checkpoint goes.</summary>
/// <param name="Component">The part of the pipeline, such as <c>unet</c> (<see cref="Tensors.Safetensors.PipelineParts"/>).</param>
/// <param name="Name">The name in that part's network.</param>
/// <param name="Part">Which part of the original tensor it is.</param>
public sealed record OriginalTarget(string Component, string Name, SourcePart Part = SourcePart.Whole);
