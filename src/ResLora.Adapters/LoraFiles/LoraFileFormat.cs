namespace ResLora.Adapters.LoraFiles;

/// <summary>Who named the tensors of a LoRA file.</summary>
public enum LoraFileFormat
{
    /// <summary>diffusers: dotted names, <c>unet.….to_q.lora.down.weight</c>.</summary>
    Diffusers,

    /// <summary>kohya's scripts and LyCORIS: <c>lora_unet_…_to_q.lora_down.weight</c>.</summary>
    Kohya,
}
