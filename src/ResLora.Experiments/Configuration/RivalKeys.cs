namespace ResLora.Experiments.Configuration;

/// <summary>Keys that other tools for fine-tuning or other commands have, and what stands in their place here.</summary>
internal static class RivalKeys
{
    private static readonly (string Keys, string Here)[] _renamed =
    [
        ("base_model model_name model_name_or_path model_id pretrained_model_name_or_path", "model"),
        ("dataset datasets dataset_path dataset_name data_path data_files train_file train_data train_dataset", "data.train"),
        ("eval_dataset valid_dataset validation_file test_file valid_data", "data.validation"),
        ("val_set_size val_size validation_split test_size eval_size", "data.validationCount"),
        ("max_samples max_train_samples", "data.limit"),
        ("column_mapping prompt_field completion_field prompt_column dataset_text_field text_column", "data.columns"),
        ("chat_template", "data.chatTemplate"),
        ("chat_template_path chat_template_jinja", "data.chatTemplateFile"),
        ("train_on_inputs train_on_input train_on_prompt train_on_responses_only roles_to_train", "data.trainOn"),
        ("assistant_only_loss completion_only_loss mask_prompt mask_history", "data.trainOn"),
        ("output_dir output_path save_dir adapter_path", "output"),
        ("r lora_r lora_rank lora_dim", "adapter.rank"),
        ("lora_alpha", "adapter.alpha"),
        ("lora_dropout", "adapter.dropout"),
        ("use_rslora rslora", "adapter.rankStabilized"),
        ("target_modules lora_target lora_target_modules lora_modules lora_keys", "adapter.targets"),
        ("exclude_modules", "adapter.exclude"),
        ("loraplus_lr_ratio", "adapter.lora.learningRateRatio"),
        ("init_lora_weights", "adapter.lora.initialization"),
        ("bias", "adapter.lora.bias"),
        ("init_r", "adapter.rank"),
        ("target_r", "adapter.adaLora.targetRank"),
        ("tinit", "adapter.adaLora.warmupSteps"),
        ("tfinal", "adapter.adaLora.finalSteps"),
        ("deltaT", "adapter.adaLora.interval"),
        ("orth_reg_weight", "adapter.adaLora.orthogonalWeight"),
        ("lora_model_dir adapter_name_or_path resume_adapter_file peft_model", "startFrom"),
        ("per_device_train_batch_size train_batch_size micro_batch_size batch_size per_device_batch_size", "training.batchSize"),
        ("gradient_accumulation_steps grad_accumulation_steps gradient_accumulation_iters", "training.accumulationSteps"),
        ("num_train_epochs num_epochs n_epochs", "training.epochs"),
        ("max_steps num_train_steps train_steps iters num_iterations total_steps", "training.steps"),
        ("learning_rate lr", "training.learningRate"),
        ("lr_scheduler lr_scheduler_type lr_schedule scheduler", "training.schedule"),
        ("warmup_ratio", "training.warmupRatio"),
        ("warmup_steps num_warmup_steps", "training.warmupSteps"),
        ("weight_decay", "training.weightDecay"),
        ("adam_beta1", "training.beta1"),
        ("adam_beta2", "training.beta2"),
        ("adam_epsilon adam_eps", "training.epsilon"),
        ("max_grad_norm gradient_clipping clip_grad_norm gradient_clip_val", "training.clipNorm"),
        ("max_seq_length max_seq_len max_length model_max_length cutoff_len sequence_len seq_length block_size", "training.maxLength"),
        ("eval_steps eval_every steps_per_eval evaluation_steps val_check_interval", "training.evaluateEvery"),
        ("save_steps save_every checkpoint_every", "training.checkpointEvery"),
        ("save_total_limit", "training.keepCheckpoints"),
        ("metric_for_best_model", "training.bestMetric"),
        ("early_stopping_patience", "training.patience"),
        ("gradient_checkpointing use_gradient_checkpointing grad_checkpoint activation_checkpointing", "training.gradientCheckpointing"),
        ("sample_packing", "training.packing"),
        ("random_state data_seed", "training.seed"),
        ("num_threads n_threads", "training.threads"),
    ];

    private static readonly (string Keys, string Sentence)[] _otherwise =
    [
        ("compare", "It is for 'reslora compare FILE'."),
        ("sweep", "It is for 'reslora sweep FILE'."),
        ("analyze", "It is for 'reslora analyze FILE'."),
        (
            "device device_map use_cpu no_cuda cuda gpu gpus n_gpu num_gpus accelerator",
            "The device is chosen by itself (a GPU where a build for CUDA finds one, else the processor) or by the environment variable "
            + "RESLORA_DEVICE; leave it out."),
        (
            "load_in_4bit load_in_8bit quantization quantize quantization_config quantization_bit bnb_4bit_quant_type "
            + "bnb_4bit_compute_dtype use_qlora bits",
            "The base is not quantized for training: 'training.dataType: bfloat16' halves float32, and 'training.maxMemory' fits a run "
            + "into the memory there is."),
        (
            "bf16 fp16 fp32 tf32 torch_dtype dtype precision mixed_precision compute_dtype",
            "Here it is 'training.dataType': auto, bfloat16 or float32; there is no float16."),
        ("use_dora dora", "Here it is 'adapter.method: dora'."),
        ("use_pissa", "Here it is 'adapter.lora.initialization: pissa'."),
        (
            "use_galore neftune_noise_alpha",
            "There is nothing like it here; 'adapter.method' and 'adapter.shortcut' are what goes beyond plain LoRA."),
        ("lora_target_linear", "Here it is 'adapter.targets: all-linear'."),
        ("modules_to_save lora_modules_to_save", "Only a task's new head is trained beside an adapter, and that by itself."),
        ("lora_bias", "B has no bias here; 'adapter.lora.bias' trains those of the model."),
        ("optim optimizer optimizer_type", "The optimizer is AdamW ('training.beta1', 'beta2', 'epsilon', 'weightDecay'); leave it out."),
        ("resume resume_from_checkpoint auto_resume_from_checkpoints", "A run goes on with 'reslora train FILE --resume'."),
        ("conversation_template prompt_template template",
            "The task says how a row becomes a prompt ('task', docs/tasks.md); 'data.chatTemplate' is for chat templates."),
        (
            "report_to logging_dir logging_steps wandb_project wandb_run_name use_wandb log_every",
            "Every step is written to metrics.jsonl in the run's folder; leave it out."),
        ("task_type peft_type adapter_type finetuning_type",
            "'task' names the data's task; 'adapter.method' is lora or another, 'adapter.shortcut' makes it ResLoRA, "
            + "and 'adapter: null' trains all weights."),
        (
            "deepspeed fsdp fsdp_config ddp local_rank world_size num_processes nproc_per_node",
            "'mpirun -np N reslora train FILE' shares a run among N processes (docs/distributed.md); leave it out."),
        ("flash_attention flash_attn use_flash_attention attn_implementation xformers_attention use_unsloth torch_compile",
            "Kernels are chosen by themselves ('training.fusedKernels'); leave it out."),
        (
            "do_train do_eval overwrite_output_dir push_to_hub hub_model_id trust_remote_code load_best_model_at_end "
            + "remove_unused_columns dataloader_num_workers num_workers group_by_length",
            "There is nothing like it here; leave it out."),
    ];

    private static readonly Dictionary<string, (string? Key, string Sentence)> _known = _renamed
        .SelectMany(entry => entry.Keys.Split(' ').Select(key => (Plain(key), ((string?)entry.Here, $"Here it is '{entry.Here}'."))))
        .Concat(_otherwise.SelectMany(entry => entry.Keys.Split(' ').Select(key => (Plain(key), ((string?)null, entry.Sentence)))))
        .ToDictionary(pair => pair.Item1, pair => pair.Item2, StringComparer.Ordinal);

    /// <summary>What stands in the place of another tool's key.</summary>
    /// <param name="key">The key, in snake_case, kebab-case or camelCase.</param>
    /// <returns>The dotted key here, where there is one, and a sentence that says so; null for a key that no other tool is known to
    /// have.</returns>
    public static (string? Key, string Sentence)? Find(string key) => _known.TryGetValue(Plain(key), out var found) ? found : null;

    private static string Plain(string key) =>
        key.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
